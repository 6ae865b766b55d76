import type { ForensicProcess, HuntEvent, Scope } from '@parapet/contract/api';
import type { AnswerDeps } from './deps.ts';
import { mergeProcess, processesOf } from './event-processes.ts';
import { readAlive, type TimeSpan } from './inventory-processes.ts';
import { isLife, type OwnEvents } from './own-events.ts';
import type { Subject } from './subject.ts';

export const maxStarted = 2000;
/** Starts and ends that are read at once, newest first; three parts of them at most for a container. */
const pageEvents = 5000;
const maxPages = 3;
const maxLevels = 16;
/** As many ids as a hunt may hold. */
const idsPerHunt = 100;

export type Started = {
  /** Oldest first. */
  readonly processes: readonly ForensicProcess[];
  /** Starts and ends of what a process started itself; absent when there are more than are read. */
  readonly direct?: readonly HuntEvent[];
  /** Why there may be more, in words. */
  readonly limits: readonly string[];
};

export type StartedAsk = {
  readonly span: TimeSpan;
  readonly scope: Scope;
  /** Events of the subject itself. */
  readonly owning: Promise<OwnEvents>;
};

/** What a process started and those what they started; for a container all processes of it. */
export const readStarted = async (
  deps: AnswerDeps,
  { hostId, process, containerId, search }: Subject,
  { span, scope, owning }: StartedAsk,
): Promise<Started> => {
  const where = { hostId, ...(process === undefined ? { containerId } : {}) };
  const [alive, own] = await Promise.all([readAlive(deps.db, where, span, scope), owning]);
  const reading: Reading = { deps, span, alive: alive.processes, limits: new Set() };
  const { limits } = reading;
  if (alive.cut) limits.add('The host ran more processes in this time than are read; the latest to start are here.');
  const { found, direct } =
    process === undefined
      ? { found: await allOf(reading, search, own) }
      : await descendantsOf(reading, { hostId, id: process.id }, own);
  const processes = [...found.values()].toSorted(byStart);
  if (processes.length > maxStarted) limits.add(`Only the first ${maxStarted} processes are listed.`);
  return {
    processes: processes.slice(0, maxStarted),
    limits: [...limits],
    ...(direct === undefined ? {} : { direct }),
  };
};

type Known = ReadonlyMap<string, ForensicProcess>;
type Reading = {
  readonly deps: AnswerDeps;
  readonly span: TimeSpan;
  readonly alive: Known;
  readonly limits: Set<string>;
};

const allOf = async (reading: Reading, hunt: string, { all }: OwnEvents): Promise<Known> => {
  const { alive } = reading;
  const lives = all?.filter(isLife) ?? (await readLives(reading, hunt, maxPages)).events;
  const told = processesOf(lives);
  return new Map([...new Set([...alive.keys(), ...told.keys()])].flatMap((id) => entryOf(id, alive, told)));
};

type Descendants = { readonly found: Known; readonly direct?: readonly HuntEvent[] };

/** Level by level. Loops, which a hostile host could tell, end because a process is taken up once. */
const descendantsOf = async (
  reading: Reading,
  root: { readonly hostId: string; readonly id: string },
  own: OwnEvents,
): Promise<Descendants> => {
  const { alive, limits } = reading;
  const found = new Map<string, ForensicProcess>();
  const byParent = Map.groupBy(alive.values(), ({ parentId }) => parentId);
  let level: readonly string[] = [root.id];
  let direct: readonly HuntEvent[] | undefined;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === maxLevels || found.size > maxStarted) {
      limits.add(`Processes are followed ${maxLevels} levels down and up to ${maxStarted} of them.`);
      break;
    }
    const next = new Map(
      level.flatMap((id) => byParent.get(id) ?? []).map((process) => [process.id, process] as const),
    );
    for (let from = 0; from < level.length; from += idsPerHunt) {
      const ids = level.slice(from, from + idsPerHunt).map((id) => `"${id}"`);
      const hunt = `host.id = ${root.hostId} and process.parent.entity_id in (${ids.join(', ')})`;
      const known = depth === 0 ? own.direct : undefined;
      const { events, cut } = known === undefined ? await readLives(reading, hunt, 1) : { events: known, cut: false };
      if (depth === 0 && !cut) direct = events;
      const told = processesOf(events);
      for (const [id, process] of told) next.set(id, mergeProcess(alive.get(id), process) ?? process);
    }
    level = [...next.keys()].filter((id) => id !== root.id && !found.has(id));
    for (const id of level) for (const [key, process] of entryOf(id, next, none)) found.set(key, process);
  }
  return { found, ...(direct === undefined ? {} : { direct }) };
};

const readLives = async (
  { deps: { hunts }, span: { from, to }, limits }: Reading,
  hunt: string,
  pages: number,
): Promise<{ readonly events: readonly HuntEvent[]; readonly cut: boolean }> => {
  const query = {
    q: `${hunt} and event.action in (exec, exit)`,
    since: new Date(from).toISOString(),
    until: new Date(to).toISOString(),
    limit: pageEvents,
  };
  const all = await hunts.all(query);
  if (all !== undefined) return { events: all, cut: false };
  const events: HuntEvent[] = [];
  let after: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const { items, next } = await hunts.find({ ...query, ...(after === undefined ? {} : { after }) });
    events.push(...items);
    after = next;
    if (after === undefined) return { events, cut: false };
  }
  limits.add(`The processes are made of the newest ${pages * pageEvents} starts and ends.`);
  return { events, cut: true };
};

const none: Known = new Map();

const entryOf = (id: string, inventory: Known, events: Known): readonly (readonly [string, ForensicProcess])[] => {
  const process = mergeProcess(inventory.get(id), events.get(id));
  return process === undefined ? [] : [[id, process]];
};

const byStart = (a: ForensicProcess, b: ForensicProcess): number =>
  (a.startedAt ?? '').localeCompare(b.startedAt ?? '') || a.pid - b.pid;
