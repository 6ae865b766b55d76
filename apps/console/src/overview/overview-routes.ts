import type { Overview, Scope } from '@parapet/contract/api';
import type { Clock } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { AdvisoryContent } from '../findings/advisory-content.ts';
import { readRiskHistory } from '../findings/risk-history.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { inScope } from '../people/scope.ts';
import { readBlindSpots } from './blind-spots.ts';
import { readPriorities } from './priorities.ts';

const dayMs = 24 * 3_600_000;

/** The route of the first page. */
export const createOverviewRoutes = ({
  db,
  clock,
  content,
}: {
  readonly db: Database;
  readonly clock: Clock;
  readonly content: AdvisoryContent;
}) =>
  ({
    'overview.get': async ({ query, caller }) => {
      const now = new Date(clock.now());
      const since = query.since === undefined ? new Date(now.getTime() - dayMs) : new Date(query.since);
      return readOverview(db, content, caller.scope, now, since);
    },
  }) satisfies Partial<RouteHandlers>;

const readOverview = async (
  db: Database,
  content: AdvisoryContent,
  scope: Scope,
  now: Date,
  since: Date,
): Promise<Overview> => {
  const [priorities, counts, newSince, blind, riskOverTime, feeds] = await Promise.all([
    readPriorities(db, scope),
    readCounts(db, scope),
    readNews(db, scope, since),
    readBlindSpots(db, content, scope, now),
    readRiskHistory(db, scope, now),
    db.selectFrom('feed_versions').select('version').where('active', '=', true).executeTakeFirst(),
  ]);
  const steps: Overview['steps'] = [
    { id: 'add-host', done: counts.hosts > 1 },
    { id: 'get-feeds', done: feeds !== undefined },
  ];
  return {
    ...headlines(priorities, counts.openFindings, feeds !== undefined),
    priorities,
    counts,
    newSince,
    blind,
    riskOverTime,
    steps: steps.every((step) => step.done) ? [] : steps,
  };
};

const numbers = ['No', 'One', 'Two', 'Three', 'Four', 'Five'];

const headlines = (
  priorities: Overview['priorities'],
  open: number,
  hasFeeds: boolean,
): Pick<Overview, 'headline' | 'subline'> => {
  if (!hasFeeds) {
    return {
      headline: 'What is vulnerable is not known yet',
      subline:
        'Get the advisory data: fetch it from the publishers or import a bundle. Packages are collected meanwhile and matched at once.',
    };
  }
  const urgent = priorities.filter(
    (priority) => priority.severity === 'critical' || priority.severity === 'high',
  ).length;
  if (urgent === 0) {
    return {
      headline: 'Nothing needs you today',
      subline:
        open === 0
          ? 'There are no open findings.'
          : `${open.toLocaleString('en')} open findings can wait for the next release.`,
    };
  }
  return {
    headline: `${numbers[urgent] ?? urgent} ${urgent === 1 ? 'thing needs' : 'things need'} you today`,
    subline: `Of ${open.toLocaleString('en')} open findings, these are the ones an attacker could use here, now. Everything else can wait for the next release.`,
  };
};

const readCounts = async (db: Database, scope: Scope): Promise<Overview['counts']> => {
  const { rows } = await sql<Overview['counts']>`
    select count(*) filter (where kind = 'host')::int as hosts,
      count(*) filter (where kind = 'container' and status = 'running')::int as containers,
      count(*) filter (where kind = 'image')::int as images,
      (select coalesce(sum(c.findings), 0) from finding_asset_counts as c
        where c.cell & 3 = 0 and ${inScope(scope, sql.ref('c.asset_id'))})::int as "openFindings"
    from assets where status <> 'gone' and ${inScope(scope, sql.ref('assets.id'))}`.execute(db);
  return rows[0] ?? { hosts: 0, containers: 0, images: 0, openFindings: 0 };
};

/** Counted no further: "10,000 new" says all that a larger number would. */
const newsLimit = 10_000;

const readNews = async (db: Database, scope: Scope, since: Date): Promise<Overview['newSince']> => {
  const { rows } = await sql<Omit<Overview['newSince'], 'since'>>`
    select
      (select count(*) from assets where kind = 'container' and first_seen_at > ${since} and ${inScope(scope, sql.ref('assets.id'))})::int as containers,
      (select count(*) from assets where kind = 'host' and first_seen_at > ${since} and ${inScope(scope, sql.ref('assets.id'))})::int as hosts,
      (select count(*) from (select 1 from (select asset_id from findings where first_seen_at > ${since} offset 0) as f
        where ${inScope(scope, sql.ref('f.asset_id'))} limit ${newsLimit}) as opened)::int as "findingsOpened",
      (select count(*) from (select 1 from (select asset_id from findings where closed_at > ${since} offset 0) as f
        where ${inScope(scope, sql.ref('f.asset_id'))} limit ${newsLimit}) as closed)::int as "findingsClosed",
      (select count(distinct target_asset) from edges where source_node = 'internet' and first_seen_at > ${since}
        and ${inScope(scope, sql.ref('edges.target_asset'))})::int as "internetFacing"`.execute(db);
  const news = rows[0] ?? { containers: 0, hosts: 0, findingsOpened: 0, findingsClosed: 0, internetFacing: 0 };
  return { since: since.toISOString(), ...news };
};
