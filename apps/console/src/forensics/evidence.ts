import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Forensics, HuntEvent, OpenNow, Scope } from '@parapet/contract/api';
import { type Clock, messageOf, tarEnd, tarHeader, tarPadding } from '@parapet/core';
import type { StreamReply } from '../http/handler.ts';
import type { Log } from '../logging/log.ts';
import { markOfGaps } from '../telemetry/gaps.ts';
import type { Hunts } from '../telemetry/hunts.ts';

export type EvidenceDeps = {
  readonly hunts: Pick<Hunts, 'events'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly console: { readonly name: string; readonly version: string };
};

export type EvidenceAsk = {
  readonly forensics: Forensics;
  /** What it has open now, where that was asked and could be seen. */
  readonly openNow?: OpenNow | undefined;
  readonly scope: Scope;
  readonly by: { readonly kind: string; readonly name: string };
  readonly signal: AbortSignal;
  /** All of it was handed over: what the manifest says, and the hash of the manifest itself. */
  readonly onDone: (made: {
    readonly sha256: string;
    readonly files: number;
    readonly events: number;
  }) => Promise<void>;
};

export type EvidenceLimits = {
  readonly subjectEvents: number;
  readonly startedEvents: number;
  readonly pageEvents: number;
};
const defaultLimits: EvidenceLimits = { subjectEvents: 500_000, startedEvents: 250_000, pageEvents: 5000 };

/**
 * One archive of what is known of a subject, made as it is read: each file is at most a page of events, so that neither side
 * holds much. The manifest comes last, since it has the hashes of all others: an archive without it is not whole.
 */
export const makeEvidence = (
  deps: EvidenceDeps,
  ask: EvidenceAsk,
  limits: EvidenceLimits = defaultLimits,
): StreamReply => {
  const { subject, gaps } = ask.forensics;
  const folder = `evidence-${subject.name.replace(/[^\w.-]/g, '_').slice(0, 40)}-${stampOf(deps.clock.now())}`;
  const gzip = createGzip({ level: 6 });
  pipeline(Readable.from(archive(deps, ask, folder, limits), { objectMode: false }), gzip, (error) => {
    // Whoever takes the archive sees it break off; an aborted download is no fault.
    if (error !== null && error !== undefined && !ask.signal.aborted)
      deps.log.warn({ error: messageOf(error) }, 'an evidence archive could not be finished');
  });
  return {
    stream: gzip,
    contentType: 'application/gzip',
    headers: { 'content-disposition': `attachment; filename="${folder}${markOfGaps(gaps)}.tar.gz"` },
  };
};

type Listed = { readonly path: string; readonly sizeBytes: number; readonly sha256: string; readonly events?: number };

async function* archive(
  deps: EvidenceDeps,
  ask: EvidenceAsk,
  folder: string,
  limits: EvidenceLimits,
): AsyncGenerator<Buffer> {
  const { forensics } = ask;
  const files: Listed[] = [];
  const left: Forensics['limits'] = [...forensics.limits];
  const file = (path: string, content: Buffer, events?: number): Buffer[] => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    files.push({ path, sizeBytes: content.length, sha256, ...(events === undefined ? {} : { events }) });
    return entryOf(`${folder}/${path}`, content);
  };
  for (const [name, part] of partsOf(ask)) yield* file(`${name}.json`, documentOf(part));
  for (const { name, hunts, limit } of eventsOf(forensics, limits)) {
    let count = 0;
    let page = 0;
    for await (const { events, more } of pagesOf(deps, ask, hunts, Math.min(limit, limits.pageEvents))) {
      const taken = events.slice(0, limit - count);
      count += taken.length;
      page += 1;
      yield* file(`${name}/${String(page).padStart(5, '0')}.ndjson`, linesOf(taken), taken.length);
      if (count < limit || (!more && taken.length === events.length)) continue;
      left.push({
        part: name,
        text: `Only ${limit} events, the newest of each hunt, are in this archive; there are more.`,
      });
      break;
    }
  }
  const manifest = documentOf(manifestOf(deps, ask, files, left));
  yield* entryOf(`${folder}/manifest.json`, manifest);
  yield tarEnd();
  await ask.onDone({
    sha256: createHash('sha256').update(manifest).digest('hex'),
    files: files.length,
    events: files.reduce((sum, { events }) => sum + (events ?? 0), 0),
  });
}

const manifestOf = (
  { clock, console }: EvidenceDeps,
  { forensics, by }: EvidenceAsk,
  files: readonly Listed[],
  limits: Forensics['limits'],
) => {
  const { subject, since, until, hunt, gaps } = forensics;
  return {
    format: 1,
    madeAt: new Date(clock.now()).toISOString(),
    madeBy: by,
    console,
    ...{ subject, since, until, hunt },
    /** Nothing was left out and nothing is known to be missing. */
    whole: limits.length === 0 && gaps.length === 0,
    ...{ limits, gaps, files },
  };
};

const partsOf = ({
  openNow,
  forensics: { ancestry, processes, peers, edges, files, software, subject, actions, lanes },
}: EvidenceAsk) =>
  Object.entries({
    subject,
    processes: { ancestry, processes },
    peers,
    'map-edges': edges,
    files,
    counts: { actions, lanes },
    ...(software === undefined ? {} : { software }),
    ...(openNow === undefined ? {} : { 'open-now': openNow }),
  });

type EventPart = { readonly name: string; readonly hunts: readonly string[]; readonly limit: number };

/** As many ids as a hunt may hold. */
const idsPerHunt = 100;

const eventsOf = ({ subject, hunt, processes }: Forensics, limits: EvidenceLimits): readonly EventPart[] => {
  const own: EventPart = { name: 'events', hunts: [hunt], limit: limits.subjectEvents };
  if (subject.kind === 'container' || processes.length === 0) return [own];
  const hunts: string[] = [];
  for (let from = 0; from < processes.length; from += idsPerHunt) {
    const ids = processes.slice(from, from + idsPerHunt).map(({ id }) => `"${id}"`);
    hunts.push(`host.id = ${subject.hostId} and process.entity_id in (${ids.join(', ')})`);
  }
  return [own, { name: 'events-of-started', hunts, limit: limits.startedEvents }];
};

type EventPage = { readonly events: readonly HuntEvent[]; readonly more: boolean };

async function* pagesOf(
  { hunts: store }: EvidenceDeps,
  { forensics: { since, until }, scope, signal }: EvidenceAsk,
  hunts: readonly string[],
  limit: number,
): AsyncGenerator<EventPage> {
  for (const [index, q] of hunts.entries()) {
    let after: string | undefined;
    do {
      signal.throwIfAborted();
      const page = { q, since, until, limit, ...(after === undefined ? {} : { after }) };
      const { items, next } = await store.events(page, scope);
      after = next;
      if (items.length > 0) yield { events: items, more: next !== undefined || index < hunts.length - 1 };
    } while (after !== undefined);
  }
}

const entryOf = (path: string, content: Buffer): Buffer[] => [
  tarHeader({ path, kind: 'file', mode: 0o600, sizeBytes: content.length }),
  content,
  tarPadding(content.length),
];

const documentOf = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
const linesOf = (events: readonly HuntEvent[]): Buffer =>
  Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
const stampOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '');
