/**
 * Neither PostgreSQL nor the engine of events takes lone surrogates, PostgreSQL no NUL either, and workloads may put both into any
 * name: they become U+FFFD.
 */
export const storableText = (text: string): string => text.toWellFormed().replaceAll('\0', '\u{fffd}');

/** Whether the JSON of a value holds anything that cannot be stored: `JSON.stringify` escapes it. */
export const needsStorableText = (json: string): boolean => /\\u(?:0000|d[89a-f])/i.test(json);

/** The value with all text in it made storable, names of properties included. */
export const storable = (value: unknown): unknown => {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [storableText(name), storable(part)]));
};

/** The JSON of a value, with all text in it storable. */
export const storableJson = (value: object): string => {
  const json = JSON.stringify(value);
  return needsStorableText(json) ? JSON.stringify(storable(value)) : json;
};
