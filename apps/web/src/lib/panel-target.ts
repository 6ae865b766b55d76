/** What the drill-down panel shows. An edge is named by the two map nodes that it joins, an event by time, host and order. */
export type PanelTarget =
  | { readonly kind: 'asset'; readonly id: string }
  | { readonly kind: 'finding'; readonly id: string }
  | { readonly kind: 'event'; readonly id: string }
  | { readonly kind: 'edge'; readonly source: string; readonly target: string };

export const formatPanel = (target: PanelTarget): string =>
  target.kind === 'edge'
    ? `edge:${encodeURIComponent(target.source)}>${encodeURIComponent(target.target)}`
    : `${target.kind}:${target.id}`;

/** `undefined` for what no panel can show. */
export const parsePanel = (text: string): PanelTarget | undefined => {
  const colon = text.indexOf(':');
  const kind = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (rest === '') return undefined;
  if (kind === 'asset' || kind === 'finding' || kind === 'event') return { kind, id: rest };
  return kind === 'edge' ? parseEdge(rest) : undefined;
};

/** The page that shows the same in full, where there is one. */
export const pageOf = (target: PanelTarget): string | undefined =>
  target.kind === 'asset' ? `/assets/${target.id}` : target.kind === 'finding' ? `/findings/${target.id}` : undefined;

const parseEdge = (text: string): PanelTarget | undefined => {
  const [source, target, ...more] = text.split('>');
  if (source === undefined || target === undefined || more.length > 0) return undefined;
  try {
    return { kind: 'edge', source: decodeURIComponent(source), target: decodeURIComponent(target) };
  } catch {
    return undefined;
  }
};
