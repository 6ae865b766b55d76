import { EpssRow, epssHeader, scoreDatePattern } from './schema.ts';

export type EpssLine =
  | { readonly kind: 'row'; readonly row: EpssRow }
  | { readonly kind: 'date'; readonly scoreDate: string }
  | { readonly kind: 'header' | 'broken' };

/** Reads one line of FIRST's `epss_scores-current.csv`. */
export const parseEpssLine = (line: string): EpssLine => {
  if (line === epssHeader) return { kind: 'header' };
  if (line.startsWith('#')) {
    const at = Date.parse((scoreDatePattern.exec(line)?.[1] ?? '').replace(/\+(\d\d)(\d\d)$/, '+$1:$2'));
    return Number.isNaN(at) ? { kind: 'header' } : { kind: 'date', scoreDate: new Date(at).toISOString() };
  }
  const row = EpssRow.safeParse(line.split(',', 4));
  return row.success ? { kind: 'row', row: row.data } : { kind: 'broken' };
};
