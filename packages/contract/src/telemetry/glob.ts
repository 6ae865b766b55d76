/**
 * Patterns of names and paths, matched as a whole: `?` is one character, `*` any text. In a path neither crosses a `/`; `**` does.
 *
 * All ways to match are followed at once, so the time is bounded by text times pattern whatever a workload calls itself; a
 * regular expression made of the pattern would be at its mercy.
 */
export type Glob = (text: string) => boolean;

export const compileGlob = (pattern: string, kind: 'name' | 'path'): Glob => {
  const steps = readSteps(pattern, kind);
  const wild = steps.findIndex((step) => typeof step === 'number');
  const prefix = steps.slice(0, wild === -1 ? steps.length : wild).join('');
  if (wild === -1) return (text) => text === prefix;
  const rest = steps.slice(wild);
  return (text) => text.startsWith(prefix) && matchSteps(rest, text, prefix.length);
};

/** How many wildcards a pattern has. */
export const countWildcards = (pattern: string): number => pattern.match(/\*+|\?/g)?.length ?? 0;

const one = 0;
const any = 1;
const anyWithin = 2;
const oneWithin = 3;
type Step = string | typeof one | typeof any | typeof anyWithin | typeof oneWithin;

const readSteps = (pattern: string, kind: 'name' | 'path'): readonly Step[] => {
  const steps: Step[] = [];
  for (const [piece] of pattern.matchAll(/\*+|[^*]/gs)) {
    if (piece === '?') steps.push(kind === 'path' ? oneWithin : one);
    else if (piece.startsWith('*')) steps.push(kind === 'path' && piece.length === 1 ? anyWithin : any);
    else steps.push(piece);
  }
  return steps;
};

const matchSteps = (steps: readonly Step[], text: string, from: number): boolean => {
  let places = spread(steps, new Set([0]));
  for (let at = from; at < text.length && places.size > 0; at += 1) {
    const character = text[at] ?? '';
    const next = new Set<number>();
    for (const place of places) {
      const step = steps[place];
      if (step === undefined) continue;
      if (step === any || (step === anyWithin && character !== '/')) next.add(place);
      else if (step === character || step === one || (step === oneWithin && character !== '/')) next.add(place + 1);
    }
    places = spread(steps, next);
  }
  return places.has(steps.length);
};

/** A star may also stand for nothing. */
const spread = (steps: readonly Step[], places: Set<number>): Set<number> => {
  // What is added while a set is walked is walked as well.
  for (const place of places) if (steps[place] === any || steps[place] === anyWithin) places.add(place + 1);
  return places;
};
