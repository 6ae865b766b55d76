import { type AdvisoryDatabase, distributionTypes, isUnmatched } from '@parapet/advisories';
import type { Scope, Unmatched } from '@parapet/contract/api';
import type { Distribution } from '@parapet/contract/sbom';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { UnmatchedList } from '../database/tables/findings.ts';
import { inScope } from '../people/scope.ts';

/** Why an asset with these packages looks clean without being so; null for one that was matched. */
export const whyUnmatched = (
  advisories: AdvisoryDatabase,
  packages: readonly { readonly type: string }[],
  distribution: Distribution | undefined,
): UnmatchedList | null => {
  const types = [...new Set(packages.map(({ type }) => type))];
  const unmatched = types.filter((type) => isUnmatched(advisories, type, distribution));
  if (unmatched.some((type) => distributionTypes.has(type))) return 'distribution';
  if (types.length === 0) return 'empty';
  return unmatched.length === types.length ? 'types' : null;
};

/**
 * Why having no findings would say nothing of `a`, a row of `assets`; null where it says something. A container is what its image and
 * what it has beyond it are together.
 */
export const unmatchedInSql: RawBuilder<Unmatched | null> = sql<Unmatched | null>`(
  select case
    when count(*) = 0 then 'not-scanned'
    when bool_or(s.unmatched = 'distribution') then 'no-advisories'
    when bool_or(s.matched_at is not null and s.unmatched is null) then null
    when bool_or(s.matched_at is null) then 'not-yet'
    when bool_or(s.unmatched = 'types') then 'no-advisories'
    else 'no-packages' end
  from asset_software as s where s.asset_id in (a.id, a.image_id))`;

/** The advisories in use. */
export type FeedState = { readonly current: () => AdvisoryDatabase | undefined };

/** What is shown of it: nothing is matched while there are no advisories at all. Without a word on these, what was matched last counts. */
export const shownUnmatched = (stored: Unmatched | null, feeds: FeedState | undefined): Unmatched | undefined => {
  if (stored !== 'not-scanned' && feeds !== undefined && feeds.current() === undefined) return 'no-feeds';
  return stored ?? undefined;
};

/** Whether having no findings says nothing of a package. */
export const isPackageUnmatched = (feeds: FeedState, type: string, distribution: Distribution | null): boolean => {
  const advisories = feeds.current();
  return advisories === undefined || isUnmatched(advisories, type, distribution ?? undefined);
};

/** What a file of findings is named by: it is passed on without its page, and having none says nothing of what was not matched. */
export const nameOfFindings = async (db: Database, scope: Scope): Promise<string> => {
  const { rows } = await sql<{ count: number }>`
select count(*)::int as count from assets as a
where a.kind <> 'container' and a.status <> 'gone' and a.risk is null and ${inScope(scope, sql.ref('a.id'))}`.execute(
    db,
  );
  const count = rows[0]?.count ?? 0;
  return count === 0 ? 'findings' : `findings-${count}-${count === 1 ? 'asset' : 'assets'}-not-known`;
};
