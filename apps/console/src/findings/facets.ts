import type { Facet, FindingFilter, Scope } from '@parapet/contract/api';
import type { Database } from '../database/database.ts';
import { facetsOf } from './cells.ts';
import { countCells, sumOf } from './count-cells.ts';
import { compileFilter } from './filter.ts';
import { askIndex } from './index/ask.ts';
import type { FindingIndex } from './index/finding-index.ts';

/** Every facet counted under all the other filters, and how many findings pass all of them. */
export const readFacets = async (
  db: Database,
  query: FindingFilter,
  scope: Scope,
  index?: FindingIndex,
): Promise<{ facets: Facet[]; total: number }> => {
  const filter = await compileFilter(db, query, scope);
  const counts = await countCells(
    db,
    filter,
    filter.reach === 'everything' ? undefined : await askIndex(db, index, filter),
  );
  return { facets: facetsOf(counts, filter.cells), total: sumOf(counts, filter) };
};
