/** Reads os-release(5): `NAME=value` lines with shell quoting; later assignments win, unknown lines are skipped. */
export const parseOsRelease = (text: string): ReadonlyMap<string, string> => {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const found = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
    if (found?.[1] !== undefined) values.set(found[1], unquote((found[2] ?? '').trim()));
  }
  return values;
};

const unquote = (value: string): string => {
  const quote = value[0];
  if ((quote !== '"' && quote !== "'") || !value.endsWith(quote) || value.length < 2) return value;
  const inner = value.slice(1, -1);
  return quote === '"' ? inner.replace(/\\(["$`\\])/g, '$1') : inner;
};
