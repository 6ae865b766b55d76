import {
  collectorName,
  formatMicroseconds,
  gapCause,
  type HuntEvent,
  type HuntGap,
  textOfField,
  visibleText,
  whatOf,
} from '@parapet/contract/api';
import type { FieldName } from '@parapet/contract/telemetry';

/** Printed as tables of fixed widths: pages follow each other, so later rows must not change the columns of earlier ones. */
const columns: readonly {
  readonly title: string;
  readonly width: number;
  readonly of: (event: HuntEvent) => string;
}[] = [
  { title: 'TIME', width: 27, of: (event) => formatMicroseconds(Number(event['@timestamp'] ?? 0)) },
  { title: 'HOST', width: 16, of: field('host.name') },
  {
    title: 'CONTAINER',
    width: 16,
    of: (event) => field('container.name')(event) || field('container.id')(event).slice(0, 12),
  },
  { title: 'ACTION', width: 12, of: field('event.action') },
  { title: 'PROCESS', width: 16, of: field('process.name') },
  { title: 'USER', width: 8, of: (event) => field('user.name')(event) || field('user.id')(event) },
  { title: 'WHAT', width: 0, of: whatOf },
];

function field(name: FieldName): (event: HuntEvent) => string {
  return (event) => textOfField(event, name) ?? '';
}

/** Rows of events; terminal escapes in what workloads chose are made visible. */
export const eventRows = (events: readonly HuntEvent[], { withHeader }: { readonly withHeader: boolean }): string => {
  const rows = events.map((event) => columns.map(({ of }) => visibleText(of(event))));
  return (withHeader ? [columns.map(({ title }) => title), ...rows] : rows).map(rowLine).join('\n');
};

const rowLine = (cells: readonly string[]): string =>
  cells
    .map((cell, index) => fit(cell, columns[index]?.width ?? 0))
    .join('  ')
    .trimEnd();

const fit = (cell: string, width: number): string =>
  width === 0 ? cell : cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width);

/** An event as one line of JSON, in which nothing can steer a terminal: JSON itself leaves C1 controls as they are. */
export const eventLine = (event: HuntEvent): string =>
  JSON.stringify(event).replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** What the answer may lack, one line for each host, collector and cause. */
export const gapLines = (gaps: readonly HuntGap[]): readonly string[] => {
  if (gaps.length === 0) return [];
  if (gaps.some(({ hosts }) => hosts === 0))
    return ['Nobody watched: there is no host of which anything could be known.'];
  const lost = gaps.reduce((sum, gap) => sum + (gap.lost ?? 0), 0);
  const gone = gaps.filter(isGone);
  const deleted = gone.reduce((sum, gap) => sum + (gap.deleted ?? 0), 0);
  const blind = gaps.filter((gap) => gap.lost === undefined && !isGone(gap) && !isLeftOut(gap) && !isUnwatched(gap));
  const unwatched = gaps.filter(isUnwatched);
  const parts = [
    ...(gone.length > 0 ? [deleted > 0 ? `${deleted} events were let go` : 'events were let go'] : []),
    ...(lost > 0 ? [`${lost} events were lost`] : []),
    ...(blind.length > 0 ? [`sensors of ${hostsOf(blind)} were blind`] : []),
    ...(unwatched.length > 0 ? [`${hostsOf(unwatched)} not watched for all of it`] : []),
    ...(gaps.some(isLeftOut) ? ['the telemetry policy left events out on purpose'] : []),
  ];
  const lines = gaps.slice(0, maxGapLines).map(gapLine);
  const rest = gaps.length - lines.length;
  return [`This span is not whole: ${parts.join(', ')}.`, ...lines, ...(rest > 0 ? [`  and ${rest} more`] : [])].map(
    visibleText,
  );
};

const maxGapLines = 20;

const hostsOf = (gaps: readonly HuntGap[]): string => {
  const named = new Set(gaps.flatMap(({ hostId }) => hostId ?? [])).size;
  const hosts = named + gaps.reduce((sum, gap) => sum + (gap.hosts ?? 0), 0);
  return `${hosts} ${hosts === 1 ? 'host' : 'hosts'}`;
};

const isGone = ({ collector }: HuntGap): boolean => collector === 'store';

const isLeftOut = ({ collector }: HuntGap): boolean => collector === 'policy';

const isUnwatched = ({ unwatched }: HuntGap): boolean => unwatched === true;

const gapLine = (gap: HuntGap): string =>
  `  ${gap.hostName ?? (gap.hosts === undefined ? 'all hosts' : `${gap.hosts} hosts`)}, ${collectorName(gap.collector)}: ${whatIsMissing(gap)}, ${gap.from} to ${gap.to ?? 'now'} (${gapCause(gap.cause)})`;

const whatIsMissing = (gap: HuntGap): string => {
  if (isLeftOut(gap)) return 'left out';
  if (isUnwatched(gap)) return 'not watched';
  if (isGone(gap)) return gap.deleted === undefined ? 'let go' : `${gap.deleted} let go`;
  return gap.lost === undefined ? 'blind' : `${gap.lost} lost`;
};

/** A refused hunt with a mark under the place where it goes wrong. */
export const hereOf = (query: string, message: string, details: Readonly<Record<string, unknown>>): string => {
  const at = details['at'];
  const suggestions = Array.isArray(details['suggestions']) ? details['suggestions'].slice(0, 8) : [];
  const hint = suggestions.length === 0 ? '' : `\nCould stand there: ${suggestions.map(String).join(', ')}`;
  if (typeof at !== 'number' || query === '') return `${message}${hint}`;
  const before = visibleText(query.slice(0, at)).length;
  return `${message}\n  ${visibleText(query)}\n  ${' '.repeat(before)}^${hint}`;
};
