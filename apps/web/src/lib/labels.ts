export type ParsedLabels =
  | { readonly ok: true; readonly labels: Record<string, string> }
  | { readonly ok: false; readonly problem: string };

/** `name=value`, one a line. */
export const formatLabels = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');

export const parseLabels = (text: string): ParsedLabels => {
  const labels: Record<string, string> = {};
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '') continue;
    const split = line.indexOf('=');
    const name = line.slice(0, split).trim();
    if (split < 1 || name === '') return { ok: false, problem: `Line ${index + 1} is not name=value.` };
    if (Object.hasOwn(labels, name)) return { ok: false, problem: `Line ${index + 1} names ${name} again.` };
    labels[name] = line.slice(split + 1).trim();
  }
  return { ok: true, labels };
};

/** A scope as lines of `name=value` or `name=one,two`; empty text is the whole console. */
export const parseScope = (
  text: string,
):
  | { readonly ok: true; readonly scope: Record<string, string[]> | null }
  | { readonly ok: false; readonly problem: string } => {
  const parsed = parseLabels(text);
  if (!parsed.ok) return parsed;
  const entries = Object.entries(parsed.labels).map(
    ([name, values]) =>
      [
        name,
        values
          .split(',')
          .map((value) => value.trim())
          .filter(Boolean),
      ] as const,
  );
  const empty = entries.find(([, values]) => values.length === 0);
  if (empty !== undefined) return { ok: false, problem: `${empty[0]} has no value.` };
  return { ok: true, scope: entries.length === 0 ? null : Object.fromEntries(entries) };
};

export const formatScope = (scope: Readonly<Record<string, readonly string[]>> | null): string =>
  scope === null
    ? ''
    : Object.entries(scope)
        .map(([name, values]) => `${name}=${values.join(',')}`)
        .join('\n');

/** `env = production and team = shop or platform`. */
export const scopeWords = (scope: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(scope)
    .map(([label, values]) => `${label} = ${values.join(' or ')}`)
    .join(' and ');
