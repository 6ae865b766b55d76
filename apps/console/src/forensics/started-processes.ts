import type { ForensicProcess, Scope } from '@parapet/contract/api';
import { mergeProcess, processesOf } from './event-processes.ts';
import { readAlive, type TimeSpan } from './inventory-processes.ts';
import type { ForensicsDeps, Subject } from './subject.ts';

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
  /** Why there may be more, in words. */
  readonly limits: readonly string[];
};

/** What a process started and those what they started; for a container all processes of it. */
export const readStarted = async (
  deps: ForensicsDeps,
  subject: Subject,
  span: TimeSpan,
  scope: Scope,
): Promise<Started> => {
  const { hostId, process, containerId } = subject;
  const alive = await readAlive(deps.db, { hostId, ...(process === undefined ? { containerId } : {}) }, span, scope);
  const limits = new Set<string>();
  if (alive.cut) limits.add('The host ran more processes in this time than are read; the latest to start are here.');
  const found =
    process === undefined
      ? await allOf(deps, subject.hunt, alive.processes, span, scope, limits)
      : await descendantsOf(deps, { hostId, id: process.id }, alive.processes, span, scope, limits);
  const processes = [...found.values()].toSorted(byStart);
  if (processes.length > maxStarted) limits.add(`Only the first ${maxStarted} processes are listed.`);
  return { processes: processes.slice(0, maxStarted), limits: [...limits] };
};

type Known = ReadonlyMap<string, ForensicProcess>;

const allOf = async (
  deps: ForensicsDeps,
  hunt: string,
  alive: Known,
  span: TimeSpan,
  scope: Scope,
  limits: Set<string>,
): Promise<Known> => {
  const told = processesOf(await readLives(deps, hunt, maxPages, span, scope, limits));
  return new Map([...new Set([...alive.keys(), ...told.keys()])].flatMap((id) => entryOf(id, alive, told)));
};

/** Level by level. Loops, which a hostile host could tell, end because a process is taken up once. */
const descendantsOf = async (
  deps: ForensicsDeps,
  root: { readonly hostId: string; readonly id: string },
  alive: Known,
  span: TimeSpan,
  scope: Scope,
  limits: Set<string>,
): Promise<Known> => {
  const found = new Map<string, ForensicProcess>();
  const byParent = Map.groupBy(alive.values(), ({ parentId }) => parentId);
  let level: readonly string[] = [root.id];
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
      const told = processesOf(await readLives(deps, hunt, 1, span, scope, limits));
      for (const [id, process] of told) next.set(id, mergeProcess(alive.get(id), process) ?? process);
    }
    level = [...next.keys()].filter((id) => id !== root.id && !found.has(id));
    for (const id of level) for (const [key, process] of entryOf(id, next, none)) found.set(key, process);
  }
  return found;
};

const readLives = async (
  { hunts }: ForensicsDeps,
  hunt: string,
  pages: number,
  { from, to }: TimeSpan,
  scope: Scope,
  limits: Set<string>,
) => {
  const query = {
    q: `${hunt} and event.action in (exec, exit)`,
    since: new Date(from).toISOString(),
    until: new Date(to).toISOString(),
    limit: pageEvents,
  };
  const events = [];
  let after: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const { items, next } = await hunts.events({ ...query, ...(after === undefined ? {} : { after }) }, scope);
    events.push(...items);
    after = next;
    if (after === undefined) return events;
  }
  limits.add(`The processes are made of the newest ${pages * pageEvents} starts and ends.`);
  return events;
};

const none: Known = new Map();

const entryOf = (id: string, inventory: Known, events: Known): readonly (readonly [string, ForensicProcess])[] => {
  const process = mergeProcess(inventory.get(id), events.get(id));
  return process === undefined ? [] : [[id, process]];
};

const byStart = (a: ForensicProcess, b: ForensicProcess): number =>
  (a.startedAt ?? '').localeCompare(b.startedAt ?? '') || a.pid - b.pid;
