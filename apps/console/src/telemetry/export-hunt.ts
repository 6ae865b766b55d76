import { Readable } from 'node:stream';
import {
  formatMicroseconds,
  type HuntEvent,
  type HuntGap,
  type ParsedOf,
  type Scope,
  telemetryFields,
} from '@parapet/contract/api';
import { csvCell } from '../http/csv-cell.ts';
import type { StreamReply } from '../http/handler.ts';
import { markOfGaps } from './gaps.ts';
import type { Hunts } from './hunts.ts';

type Query = Omit<ParsedOf<'hunt.export'>['query'], 'format'> & { readonly format: 'csv' | 'ndjson' };

/** As many as a search’s child hands over at once without trouble. */
const pageEvents = 5000;

/** Streams everything that a hunt finds, newest first, a page at a time as the reader takes them. A file keeps in its name that it is not whole. */
export const exportHunt = async (
  hunts: Pick<Hunts, 'events'>,
  query: Query,
  scope: Scope,
  signal: AbortSignal,
): Promise<StreamReply> => {
  const { format, ...span } = query;
  // The first page before any answer, so that a hunt that cannot be read is refused as such.
  const first = await hunts.events({ ...span, limit: pageEvents }, scope);
  const write = format === 'csv' ? csvLines : jsonLines;
  return {
    stream: Readable.from(write(pages(hunts, { first, span, scope, signal })), { objectMode: false }),
    contentType: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
    headers: { 'content-disposition': `attachment; filename="${nameOfExport(format, first.gaps)}"` },
  };
};

export const nameOfExport = (format: string, gaps: readonly HuntGap[]): string => `hunt${markOfGaps(gaps)}.${format}`;

type Page = Awaited<ReturnType<Hunts['events']>>;

async function* pages(
  hunts: Pick<Hunts, 'events'>,
  {
    first,
    span,
    scope,
    signal,
  }: {
    readonly first: Page;
    readonly span: Omit<Query, 'format'>;
    readonly scope: Scope;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<readonly HuntEvent[]> {
  let page = first;
  for (;;) {
    yield page.items;
    if (page.next === undefined) return;
    signal.throwIfAborted();
    page = await hunts.events({ ...span, limit: pageEvents, after: page.next }, scope);
  }
}

async function* jsonLines(source: AsyncIterable<readonly HuntEvent[]>): AsyncGenerator<string> {
  for await (const events of source) yield events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

const columns = Object.keys(telemetryFields) as (keyof typeof telemetryFields)[];

async function* csvLines(source: AsyncIterable<readonly HuntEvent[]>): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`;
  for await (const events of source)
    yield events.map((event) => `${columns.map((name) => cellOf(event, name)).join(',')}\r\n`).join('');
}

const cellOf = (event: HuntEvent, name: keyof typeof telemetryFields): string => {
  const value = event[name];
  if (value === undefined) return '';
  if (Array.isArray(value)) return csvCell(value.join(' '));
  if (telemetryFields[name].type === 'time' && typeof value === 'number') return formatMicroseconds(value);
  return csvCell(typeof value === 'boolean' ? String(value) : value);
};
