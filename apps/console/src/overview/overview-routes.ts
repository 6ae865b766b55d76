import type { Overview, Scope } from '@parapet/contract/api';
import type { Clock } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { AdvisoryContent } from '../findings/advisory-content.ts';
import type { FindingIndex } from '../findings/index/finding-index.ts';
import { readRiskHistory } from '../findings/risk-history.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { workOutScope } from '../people/scope.ts';
import { readAssetFigures } from './asset-figures.ts';
import { readBlindSpots } from './blind-spots.ts';
import { readFindingFigures } from './counts.ts';
import { readPriorities } from './priorities.ts';

const dayMs = 24 * 3_600_000;

/** The route of the first page. */
export const createOverviewRoutes = ({ clock, ...deps }: OverviewDeps & { readonly clock: Clock }) =>
  ({
    'overview.get': async ({ query, caller }) => {
      const now = new Date(clock.now());
      const since = query.since === undefined ? new Date(now.getTime() - dayMs) : new Date(query.since);
      return readOverview(deps, caller.scope, now, since);
    },
  }) satisfies Partial<RouteHandlers>;

type OverviewDeps = {
  readonly db: Database;
  readonly content: AdvisoryContent;
  readonly index?: FindingIndex | undefined;
};

const readOverview = async (
  { db, content, index }: OverviewDeps,
  ofCaller: Scope,
  now: Date,
  since: Date,
): Promise<Overview> => {
  const scope = await workOutScope(db, ofCaller);
  const figuring = readAssetFigures(db, scope, since);
  const [priorities, assets, findings, blind, riskOverTime, feeds] = await Promise.all([
    readPriorities(db, scope, index),
    figuring,
    readFindingFigures(db, scope, since, index),
    readBlindSpots(db, content, scope, now, figuring),
    readRiskHistory(db, scope, now),
    db.selectFrom('feed_versions').select('version').where('active', '=', true).executeTakeFirst(),
  ]);
  const { openFindings, ...news } = findings;
  const counts: Overview['counts'] = { ...assets.counts, openFindings };
  const steps: Overview['steps'] = [
    { id: 'add-host', done: counts.hosts > 1 },
    { id: 'get-feeds', done: feeds !== undefined },
  ];
  return {
    ...headlines(priorities, counts, feeds !== undefined),
    priorities,
    counts,
    newSince: { since: since.toISOString(), ...assets.news, ...news },
    blind,
    riskOverTime,
    steps: steps.every((step) => step.done) ? [] : steps,
  };
};

const numbers = ['No', 'One', 'Two', 'Three', 'Four', 'Five'];

const headlines = (
  priorities: Overview['priorities'],
  { openFindings: open, notKnown }: Overview['counts'],
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
    const rest =
      open === 0
        ? 'There are no open findings.'
        : `${open.toLocaleString('en')} open findings can wait for the next release.`;
    return notKnown === 0
      ? { headline: 'Nothing needs you today', subline: rest }
      : {
          headline: 'Nothing that is known needs you today',
          subline: `${rest} Of ${notKnown.toLocaleString('en')} ${notKnown === 1 ? 'host or image' : 'hosts and images'} what is vulnerable is not known.`,
        };
  }
  return {
    headline: `${numbers[urgent] ?? urgent} ${urgent === 1 ? 'thing needs' : 'things need'} you today`,
    subline: `Of ${open.toLocaleString('en')} open findings, ${urgent === 1 ? 'the first below is the one' : 'the first below are the ones'} an attacker could use here, now. ${
      urgent < priorities.length ? 'What follows comes next; everything' : 'Everything'
    } else can wait for the next release.`,
  };
};
