/** `ID`, `VERSION_ID` and `PRETTY_NAME` of os-release(5); a host without the file is plain Linux. */
export const parseOsRelease = (
  text: string,
): { readonly id: string; readonly versionId: string; readonly name: string } => {
  const values = new Map<string, string>();
  for (const line of text.split('\n', 200)) {
    const match = /^([A-Z_]+)=(.*)$/.exec(line.trim());
    if (match?.[1] !== undefined) values.set(match[1], unquote(match[2] ?? '').slice(0, 1024));
  }
  const id = values.get('ID') ?? 'linux';
  return { id, versionId: values.get('VERSION_ID') ?? '', name: values.get('PRETTY_NAME') ?? values.get('NAME') ?? id };
};

const unquote = (text: string): string => {
  const quote = text[0];
  if (text.length < 2 || (quote !== '"' && quote !== "'") || !text.endsWith(quote)) return text;
  const inner = text.slice(1, -1);
  return quote === '"' ? inner.replace(/\\([$"\\`])/g, '$1') : inner;
};
