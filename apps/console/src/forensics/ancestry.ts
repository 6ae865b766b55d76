import type { ForensicProcess, Forensics, Scope } from '@parapet/contract/api';
import type { AnswerDeps } from './deps.ts';
import { mergeProcess, parentIn, pidOf, processesOf, processOf } from './event-processes.ts';
import { findProcess, type TimeSpan } from './inventory-processes.ts';
import { huntOf } from './subject.ts';

/** Deeper than any chain that people make, and a bound for one that a hostile host tells. */
const maxAncestors = 32;
/** How far before the span starts of ancestors are looked for, where the inventory knows them no more. */
const lookBackMs = 24 * 3_600_000;

/** Who started a process, its parent first, up to the first process of the host. */
export const readAncestry = async (
  deps: AnswerDeps,
  child: { readonly hostId: string; readonly process: ForensicProcess | undefined },
  span: TimeSpan,
  scope: Scope,
): Promise<Forensics['ancestry']> => {
  const { hostId } = child;
  const processes: ForensicProcess[] = [];
  const seen = new Set<string>();
  let below = child.process;
  while (below !== undefined) {
    const { parentId } = below;
    if (isFirst(below.pid) || (parentId !== undefined && pidOf(parentId) === 0)) return { processes, end: 'first' };
    // A host may tell anything: one that names a process as its own ancestor is followed no further.
    if (parentId === undefined || seen.has(parentId)) break;
    if (processes.length === maxAncestors) return { processes, end: 'limit' };
    seen.add(parentId);
    const parent = await findAncestor(deps, { hostId, id: parentId, childId: below.id }, span, scope);
    if (parent === undefined) break;
    processes.push(parent);
    below = parent;
  }
  return { processes, end: 'unseen' };
};

/** The first process of a host, and the kernel's own, which start all others. */
const isFirst = (pid: number): boolean => pid === 1 || pid === 2;

const findAncestor = async (
  { db, hunts }: AnswerDeps,
  { hostId, id, childId }: { readonly hostId: string; readonly id: string; readonly childId: string },
  { from, to }: TimeSpan,
  scope: Scope,
): Promise<ForensicProcess | undefined> => {
  const known = await findProcess(db, { hostId, id }, to, scope);
  if (known?.process.parentId !== undefined || isFirst(pidOf(id))) return known?.process ?? firstProcess(id);
  const span = { since: new Date(from - lookBackMs).toISOString(), until: new Date(to).toISOString() };
  const find = async (q: string, limit: number) => (await hunts.find({ q, ...span, limit })).items;
  const starts = await find(`${huntOf(hostId, id)} and event.action in (exec, exit)`, 20);
  const [any] = starts.length > 0 ? starts : await find(huntOf(hostId, id), 1);
  const told = processesOf(starts).get(id) ?? (any === undefined ? undefined : processOf(any));
  if (told !== undefined) return mergeProcess(known?.process, told);
  if (known !== undefined) return known.process;
  const [named] = await find(`${huntOf(hostId, childId)} and process.parent.entity_id = "${id}"`, 1);
  return named === undefined ? undefined : parentIn(named);
};

const firstProcess = (id: string): ForensicProcess => ({
  id,
  pid: pidOf(id),
  name: pidOf(id) === 1 ? 'init' : 'kthreadd',
  knownBy: 'child',
});
