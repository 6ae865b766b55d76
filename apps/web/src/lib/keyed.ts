/**
 * Items with a key of their own each, for lists whose items have no identity and may repeat: the same event twice in one
 * millisecond, two addresses under one name.
 */
export const keyed = <T>(items: readonly T[], wordsOf: (item: T) => string): readonly (readonly [string, T])[] => {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const words = wordsOf(item);
    const times = seen.get(words) ?? 0;
    seen.set(words, times + 1);
    return [times === 0 ? words : `${words}#${times}`, item];
  });
};
