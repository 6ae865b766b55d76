import type { Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { allOf, compileFilter, vulnerabilitiesLike } from './filter.ts';
import { askIndex } from './index/ask.ts';
import type { FindingIndex } from './index/finding-index.ts';
import { groupRows } from './index/group-rows.ts';

export type RankedVulnerability = { readonly id: string; readonly risk: number };

/**
 * The vulnerabilities whose text is like a pattern and that the scope has open or accepted findings of, by the highest risk
 * there. All that match are looked at: the riskiest of the fleet may all lie outside the scope.
 */
export const rankVulnerabilities = async (
  db: Database,
  wanted: { readonly pattern: string; readonly scope: Scope; readonly limit: number },
  index?: FindingIndex,
): Promise<readonly RankedVulnerability[]> => {
  const ids = await vulnerabilitiesLike(db, wanted.pattern);
  if (ids.length === 0) return [];
  const filter = await compileFilter(db, { status: ['open', 'accepted'] }, wanted.scope);
  const asked = await askIndex(db, index, { ...filter, question: { ...filter.question, vulnerabilities: ids } });
  if (asked !== undefined) return groupRows(asked, 'vulnerability', { after: undefined, limit: wanted.limit }).page;
  const { rows } = await sql<RankedVulnerability>`
    select f.vulnerability_id::text as id, max(f.risk) as risk from findings as f
    where f.vulnerability_id = any(${ids}::bigint[]) and ${allOf(filter.all)}
    group by f.vulnerability_id order by 2 desc, 1 limit ${wanted.limit}`.execute(db);
  return rows;
};
