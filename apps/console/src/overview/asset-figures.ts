import type { Overview } from '@parapet/contract/api';
import type { Distribution } from '@parapet/contract/sbom';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type AskedScope, inScope } from '../people/scope.ts';

export type FoundDistribution = {
  readonly distribution: Distribution;
  readonly assets: number;
  /** Of these, the ones that hold packages. */
  readonly holding: number;
};

export type AssetFigures = {
  readonly counts: Omit<Overview['counts'], 'openFindings'>;
  /** Seen first since a time. */
  readonly news: Pick<Overview['newSince'], 'containers' | 'hosts'>;
  /** Hosts and images whose packages are not known. */
  readonly unscanned: number;
  /** Hosts and images of which hosts report different packages. */
  readonly contradicted: number;
  /** Running containers of no known image whose packages are not known. */
  readonly unread: number;
  /** Of what is there, the most frequent first. */
  readonly distributions: readonly FoundDistribution[];
};

/** More would not be read. */
const distributionLimit = 1000;

/** What the overview counts of assets: all in one reading of them, in which the scope is worked out once. */
export const readAssetFigures = async (db: Database, scope: AskedScope, since: Date): Promise<AssetFigures> => {
  const { rows } = await sql<Row>`
    with here as (
      select a.kind, a.status <> 'gone' as is_there, a.first_seen_at > ${since} as is_new,
        -- Records are long: only those of the few that it is about are read.
        case when a.kind = 'container' and a.status = 'running' and a.image_id is null then a.record ->> 'parentKey' is null else false end as is_unnamed,
        s.asset_id is not null as is_known, a.risk, s.trust, s.package_count, case when a.status <> 'gone' then s.distribution end as distribution
      from assets as a left join asset_software as s on s.asset_id = a.id
      where ${inScope(scope, sql.ref('a.id'))}
    )
    select grouping(distribution) = 1 as "isSum", distribution,
      count(*) filter (where is_there and kind = 'host')::int as hosts,
      count(*) filter (where is_there and kind = 'container')::int as containers,
      count(*) filter (where is_there and kind = 'image')::int as images,
      count(*) filter (where is_there and kind = 'upload')::int as uploads,
      count(*) filter (where is_there and kind <> 'container' and risk is null)::int as "notKnown",
      count(*) filter (where is_new and kind = 'host')::int as "newHosts",
      count(*) filter (where is_new and kind = 'container')::int as "newContainers",
      count(*) filter (where is_there and kind in ('image', 'host') and not is_known)::int as unscanned,
      count(*) filter (where is_there and kind in ('image', 'host') and trust = 'contradicted')::int as contradicted,
      count(*) filter (where is_unnamed and not is_known)::int as unread,
      count(*)::int as assets, count(*) filter (where package_count > 0)::int as holding
    from here group by grouping sets ((), (distribution))
    having grouping(distribution) = 1 or distribution is not null
    order by "isSum" desc, assets desc limit ${distributionLimit + 1}`.execute(db);
  const [sum, ...groups] = rows;
  if (sum?.isSum !== true) throw new Error('A sum without a row.');
  const { hosts, containers, images, uploads, notKnown, newHosts, newContainers, unscanned, contradicted, unread } =
    sum;
  return {
    counts: { hosts, containers, images, uploads, notKnown },
    news: { containers: newContainers, hosts: newHosts },
    ...{ unscanned, contradicted, unread },
    distributions: groups.flatMap(({ distribution, assets, holding }) =>
      distribution === null ? [] : [{ distribution, assets, holding }],
    ),
  };
};

type Row = {
  readonly isSum: boolean;
  readonly distribution: Distribution | null;
  readonly hosts: number;
  readonly containers: number;
  readonly images: number;
  readonly uploads: number;
  readonly notKnown: number;
  readonly newHosts: number;
  readonly newContainers: number;
  readonly unscanned: number;
  readonly contradicted: number;
  readonly unread: number;
  readonly assets: number;
  readonly holding: number;
};
