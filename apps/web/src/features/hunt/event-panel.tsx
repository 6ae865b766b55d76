import {
  type FieldName,
  formatMicroseconds,
  type HuntEvent,
  notesOf,
  telemetryFields,
  visibleText,
  whatOf,
} from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { AnyLink, PanelLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import { CopyButton, IdText } from '../../components/copy.tsx';
import { KeyValues } from '../../components/key-values.tsx';
import { Section } from '../../components/page.tsx';
import { PanelFrame } from '../../components/panel-frame.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { ToneMark } from '../../components/tone-mark.tsx';
import { request } from '../../lib/api.ts';
import { shortId } from '../../lib/format.ts';
import { stringifySearch } from '../../lib/search-params.ts';
import { timelineLink } from '../../lib/timeline-link.ts';
import styles from './hunt.module.css';
import { type EventKey, parseEventKey } from './hunt-search.ts';
import { comparisonOf, valuesOf } from './pivot.ts';
import { PivotText, usePivotMenu } from './pivot-menu.tsx';
import { idOf } from './use-events.ts';

/** One event with all its fields, each to be hunted for, and the ways on from it. */
export const EventPanel = ({ eventId }: { readonly eventId: string }) => {
  const key = parseEventKey(eventId);
  const client = useQueryClient();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['hunt.event', eventId],
    queryFn: ({ signal }) => (key === undefined ? null : fetchEvent(key, signal)),
    // What the list holds already is not asked for again: every question is written down.
    initialData: () => listedEvent(client.getQueriesData({ queryKey: ['hunt.events'] }), eventId),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error !== null && data === undefined)
    return (
      <PanelFrame kind="Event" title="Event">
        <Failure what="This event could not be fetched" error={error} retry={() => void refetch()} />
      </PanelFrame>
    );
  if (isPending)
    return (
      <PanelFrame kind="Event" title="Event">
        <Skeleton label="the event" />
      </PanelFrame>
    );
  if (data === null || data === undefined)
    return (
      <PanelFrame kind="Event" title="Event">
        <Empty title="This event is not there any more">
          Events are kept for a limited time, or its host is not in your scope.
        </Empty>
      </PanelFrame>
    );
  return <EventDetails event={data} />;
};

const EventDetails = ({ event }: { readonly event: HuntEvent }) => {
  const { open, menu } = usePivotMenu();
  const names = (Object.keys(telemetryFields) as FieldName[]).filter((name) => event[name] !== undefined);
  const container = event['container.name'];
  return (
    <PanelFrame
      kind={`${String(event['event.action'])} on ${String(event['host.name'] ?? 'a host')}`}
      title={<span className={styles.headline}>{visibleText(whatOf(event)).slice(0, 400) || 'Event'}</span>}
    >
      <p className={text.muted}>{formatMicroseconds(Number(event['@timestamp']))}</p>
      <div className={styles.ways}>
        {waysFrom(event).map(({ label, to }) => (
          <AnyLink key={label} to={to} className={buttonClass('plain', true)}>
            {label}
          </AnyLink>
        ))}
        <PanelLink target={{ kind: 'asset', id: String(event['host.id']) }} className={buttonClass('plain', true)}>
          The host
        </PanelLink>
        {container === undefined ? null : (
          <AnyLink
            to={`/assets${stringifySearch({ q: container, kind: 'container', hostId: event['host.id'] })}`}
            className={buttonClass('plain', true)}
          >
            The container
          </AnyLink>
        )}
      </div>
      <Notes event={event} />
      <ContentChange event={event} />
      <Section title="All it tells">
        <KeyValues
          items={names.map((name) => ({
            name,
            value: (
              <span className={styles.values}>
                {valuesOf(event, name).map((value, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: arguments may repeat and never move
                  <PivotText key={index} field={name} value={value} onPivot={open}>
                    {telemetryFields[name].type === 'time'
                      ? formatMicroseconds(Number(value))
                      : isHash(name)
                        ? shortId(String(value))
                        : undefined}
                  </PivotText>
                ))}
                {isHash(name) ? <CopyButton text={String(event[name])} label="Copy the whole hash" /> : null}
              </span>
            ),
          }))}
        />
      </Section>
      {menu}
    </PanelFrame>
  );
};

/** What proves it and what it lacks, in words, before the fields. */
const Notes = ({ event }: { readonly event: HuntEvent }) => (
  <ul>
    {notesOf(event).map((note) => (
      <li key={note.text} className={styles.note}>
        <ToneMark tone={note.isWarning ? 'warn' : 'none'} />
        <span>{note.text}</span>
      </li>
    ))}
  </ul>
);

/** The content of a file before and after, by its hashes. */
const ContentChange = ({ event }: { readonly event: HuntEvent }) => {
  const [before, after] = [event['parapet.file.previous.sha256'], event['file.hash.sha256']];
  if (before === undefined && after === undefined) return null;
  if (before === after) return <p className={styles.content}>The content is the same as before.</p>;
  return (
    <p className={styles.content}>
      <span>Content</span>
      {before === undefined ? <span className={text.muted}>not known before</span> : <IdText id={String(before)} />}
      <span aria-hidden>→</span>
      <span className="visually-hidden">became</span>
      {after === undefined ? <span className={text.muted}>none now</span> : <IdText id={String(after)} />}
    </p>
  );
};

/** Of a hash the beginning is enough to tell it from others. */
const isHash = (name: FieldName): boolean => /sha256$|\.image\.hash$/.test(name);

const aroundMs = 5 * 60_000;

type Way = { readonly label: string; readonly to: string };

/** Where one goes from an event: the timeline of its process with what that started, its events, all around it, the tree it stands in. */
const waysFrom = (event: HuntEvent): readonly Way[] => {
  const at = Number(event['@timestamp']) / 1000;
  const span = { since: new Date(at - aroundMs).toISOString(), until: new Date(at + aroundMs).toISOString() };
  const host = comparisonOf('host.id', String(event['host.id']));
  const place =
    event['container.id'] === undefined ? host : comparisonOf('container.id', String(event['container.id']));
  const process = event['process.entity_id'];
  const link = (label: string, parts: readonly (string | undefined)[], more: object = {}): Way => ({
    label,
    to: `/hunt${stringifySearch({ q: parts.filter(Boolean).join(' and '), ...span, ...more })}`,
  });
  return [
    ...(process === undefined
      ? []
      : [
          {
            label: 'Timeline of the process',
            to: timelineLink(
              { hostId: String(event['host.id']), process: String(process) },
              { ...span, mark: new Date(at).toISOString() },
            ),
          },
          link('Its events', [host, comparisonOf('process.entity_id', String(process))]),
        ]),
    link('5 min before and after', [place]),
    link('Process tree', [place], { view: 'tree' }),
  ];
};

const fetchEvent = async ({ at, host, sequence }: EventKey, signal: AbortSignal): Promise<HuntEvent | null> => {
  const ms = Math.floor(at / 1000);
  const { items } = await request(
    'hunt.events',
    {
      query: {
        q: `host.id = ${host} and event.sequence = ${sequence}`,
        since: new Date(ms).toISOString(),
        until: new Date(ms + 1).toISOString(),
        limit: 1,
      },
    },
    signal,
  );
  return items[0] ?? null;
};

/** The event out of what lists on screen hold. */
const listedEvent = (lists: readonly (readonly [unknown, unknown])[], eventId: string): HuntEvent | undefined => {
  for (const [, data] of lists) {
    const pages = (data as { pages?: { items: HuntEvent[] }[] } | undefined)?.pages ?? [];
    for (const { items } of pages) {
      const found = items.find((event) => idOf(event) === eventId);
      if (found !== undefined) return found;
    }
  }
  return undefined;
};
