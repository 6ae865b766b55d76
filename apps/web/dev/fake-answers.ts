/** FAKE: what the answers share. */
import type { Facet, ParsedOf, ResultOf, RouteName } from '@parapet/contract/api';

export class FakeRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  constructor(status: number, code: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.details = details;
    this.status = status;
    this.code = code;
  }
}

export type FakeHandlers = { readonly [N in RouteName]?: (input: ParsedOf<N>) => ResultOf<N> | string };

export const page = <T>(all: readonly T[], query: { after?: string | undefined; limit: number }) => {
  const start = Number(query.after ?? 0);
  const items = all.slice(start, start + query.limit);
  const end = start + items.length;
  return { items, ...(end < all.length ? { next: String(end) } : {}), total: all.length, totalIsMinimum: false };
};

export const found = <T>(value: T | undefined, what: string): T => {
  if (value === undefined)
    throw new FakeRefusal(404, 'not-found', `There is no such ${what}. It may have been removed.`);
  return value;
};

export const facet = <T>(
  name: string,
  label: string,
  rows: readonly T[],
  value: (row: T) => string,
  labels: Readonly<Record<string, string>> = {},
): Facet => {
  const counts = new Map<string, number>();
  for (const key of Object.keys(labels)) counts.set(key, 0);
  for (const row of rows) counts.set(value(row), (counts.get(value(row)) ?? 0) + 1);
  return { name, label, values: [...counts].map(([key, count]) => ({ value: key, label: labels[key] ?? key, count })) };
};

export const exposures = {
  internet: 'Internet',
  zones: 'Other zones',
  'own-network': 'Own network',
  'none-seen': 'Nothing seen',
  unknown: 'Unknown',
};
export const uses = { running: 'Running now', loaded: 'Loaded now', installed: 'Installed only', unknown: 'Unknown' };
