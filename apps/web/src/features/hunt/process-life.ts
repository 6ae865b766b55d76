import type { Life } from '@parapet/contract/api';

export type LifeRow = { readonly life: Life; readonly depth: number; readonly children: number };

/** As a tree in reading order: children under their parent, oldest first. Loops, which a hostile host could tell, are cut. */
export const lifeRows = (lives: readonly Life[], closed: ReadonlySet<string>): readonly LifeRow[] => {
  const known = new Set(lives.map(({ key }) => key));
  const children = new Map<string, Life[]>();
  const roots: Life[] = [];
  for (const life of lives.toSorted(byStart)) {
    if (life.parent === undefined || life.parent === life.key || !known.has(life.parent)) roots.push(life);
    else children.set(life.parent, [...(children.get(life.parent) ?? []), life]);
  }
  const rows: LifeRow[] = [];
  const placed = new Set<string>();
  // A stack of our own: a chain of processes may be longer than the language's.
  const place = (from: readonly Life[]): void => {
    const waiting = from.map((life) => ({ life, depth: 0, hidden: false })).toReversed();
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { life, depth, hidden } = next;
      if (placed.has(life.key)) continue;
      placed.add(life.key);
      const below = children.get(life.key) ?? [];
      if (!hidden) rows.push({ life, depth, children: below.length });
      const hides = hidden || closed.has(life.key);
      waiting.push(...below.map((child) => ({ life: child, depth: depth + 1, hidden: hides })).toReversed());
    }
  };
  place(roots);
  place(lives.filter(({ key }) => !placed.has(key)));
  return rows;
};

const byStart = (a: Life, b: Life): number => (a.startedAt ?? 0) - (b.startedAt ?? 0) || (a.pid ?? 0) - (b.pid ?? 0);
