/** A span of time in milliseconds; `end` is absent while it lasts. */
export type Span = { readonly start: number; readonly end: number | undefined };
export type StoredSpan = Span & { readonly id: number };

export type SpanChanges = {
  readonly inserted: readonly Span[];
  readonly updated: readonly StoredSpan[];
  readonly deleted: readonly number[];
};

/** An absence shorter than this does not break an edge. */
export const edgeGapMs = 5 * 60_000;

/**
 * Unites spans with those on record. Spans that touch, overlap or lie less than `edgeGapMs` apart become one, which keeps the
 * row of its earliest part.
 */
export const uniteSpans = (stored: readonly StoredSpan[], added: readonly Span[]): SpanChanges => {
  const parts: Part[] = [...stored.map((span) => ({ ...span })), ...added.map((span) => ({ ...span, id: undefined }))];
  parts.sort((a, b) => a.start - b.start || Number(a.id === undefined) - Number(b.id === undefined));
  const clusters: Part[][] = [];
  let reach: number | undefined = Number.NEGATIVE_INFINITY;
  for (const part of parts) {
    const last = clusters.at(-1);
    if (last !== undefined && (reach === undefined || part.start - reach < edgeGapMs)) last.push(part);
    else {
      clusters.push([part]);
      reach = Number.NEGATIVE_INFINITY;
    }
    reach = reach === undefined || part.end === undefined ? undefined : Math.max(reach, part.end);
  }
  return collect(clusters, new Map(stored.map((span) => [span.id, span])));
};

type Part = Span & { readonly id: number | undefined };

const collect = (clusters: readonly (readonly Part[])[], before: ReadonlyMap<number, StoredSpan>): SpanChanges => {
  const inserted: Span[] = [];
  const updated: StoredSpan[] = [];
  const deleted: number[] = [];
  for (const cluster of clusters) {
    const start = Math.min(...cluster.map((part) => part.start));
    const open = cluster.some((part) => part.end === undefined);
    // A report may be seen last before it began, by a clock that was set or measured anew meanwhile.
    const end = open ? undefined : Math.max(start, ...cluster.map((part) => part.end ?? 0));
    const [kept, ...rest] = cluster.flatMap((part) => part.id ?? []);
    deleted.push(...rest);
    if (kept === undefined) inserted.push({ start, end });
    else {
      const was = before.get(kept);
      if (was?.start !== start || was.end !== end) updated.push({ id: kept, start, end });
    }
  }
  return { inserted, updated, deleted };
};
