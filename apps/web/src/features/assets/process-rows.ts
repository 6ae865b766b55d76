import type { ProcessItem } from '@parapet/contract/api';

export type ProcessRow = {
  readonly process: ProcessItem;
  readonly depth: number;
  readonly children: number;
};

/**
 * Processes as a tree in reading order: children under their parent, oldest first. A process whose parent is not in the
 * list is a root; a loop, which a hostile or torn report could contain, is cut.
 */
export const processRows = (processes: readonly ProcessItem[], closed: ReadonlySet<string>): readonly ProcessRow[] => {
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const children = new Map<number, ProcessItem[]>();
  const roots: ProcessItem[] = [];
  for (const process of processes.toSorted(byStart)) {
    const parent = process.parentPid;
    if (parent === undefined || parent === process.pid || !byPid.has(parent)) roots.push(process);
    else children.set(parent, [...(children.get(parent) ?? []), process]);
  }
  const rows: ProcessRow[] = [];
  const placed = new Set<string>();
  const place = (process: ProcessItem, depth: number): void => {
    if (placed.has(process.id)) return;
    placed.add(process.id);
    const below = children.get(process.pid) ?? [];
    rows.push({ process, depth, children: below.length });
    if (closed.has(process.id)) return;
    for (const child of below) place(child, depth + 1);
  };
  for (const root of roots) place(root, 0);
  for (const process of reachableFromNothing(processes, roots, children)) place(process, 0);
  return rows;
};

const byStart = (a: ProcessItem, b: ProcessItem): number => a.startedAt.localeCompare(b.startedAt) || a.pid - b.pid;

/** Members of loops, which hang under no root. */
const reachableFromNothing = (
  processes: readonly ProcessItem[],
  roots: readonly ProcessItem[],
  children: ReadonlyMap<number, readonly ProcessItem[]>,
): readonly ProcessItem[] => {
  const reached = new Set<string>();
  const queue = [...roots];
  for (let process = queue.pop(); process !== undefined; process = queue.pop()) {
    if (reached.has(process.id)) continue;
    reached.add(process.id);
    queue.push(...(children.get(process.pid) ?? []));
  }
  return processes.filter((process) => !reached.has(process.id));
};
