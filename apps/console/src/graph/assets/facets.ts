import type { ParsedOf, ResultOf } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Moment } from '../moment.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import { statusColumn } from './asset-row.ts';
import { type AssetFilter, conditions } from './list.ts';

type Facets = ResultOf<'assets.facets'>['facets'];

const maxValues = 50;

const labels: Readonly<Record<string, string>> = {
  host: 'Host',
  container: 'Container',
  image: 'Image',
  upload: 'Uploaded scan',
  running: 'Running',
  stopped: 'Stopped',
  unknown: 'Unknown',
  gone: 'Gone',
  present: 'Present',
  internet: 'Internet',
  zones: 'Other zones',
  'own-network': 'Own network',
  'none-seen': 'Nothing seen',
};

/** Only a silent host makes a status unknown. */
const statusLabels = { ...labels, unknown: 'Silent' };

/** Counts of each facet's values under all the other filters. */
export const readFacets = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  filter: ParsedOf<'assets.facets'>['query'],
): Promise<Facets> => {
  const whole: AssetFilter = { ...filter, hostId: undefined, imageId: undefined };
  const count = (name: string, label: string, value: RawBuilder<unknown>, except?: keyof AssetFilter) =>
    countFacet(db, { name, label, value, where: conditions(moment, inScope, whole, except) });
  return Promise.all([
    count('kind', 'Kind', sql`a.kind`, 'kind'),
    count('status', 'Status', statusColumn(moment), 'status').then((facet) => named(facet, statusLabels)),
    count('exposure', 'Exposed to', sql`a.exposure`, 'exposure'),
    count('zone', 'Zone', sql`a.zone`),
  ]);
};

const countFacet = async (
  db: Database,
  facet: {
    readonly name: string;
    readonly label: string;
    readonly value: RawBuilder<unknown>;
    readonly where: RawBuilder<unknown>;
  },
): Promise<Facets[number]> => {
  const { rows } = await sql<{ value: string; count: number }>`
    select value, count(*)::int as count from (select ${facet.value} as value from assets a where ${facet.where}) counted
    where value is not null group by 1 order by 2 desc, 1 limit ${maxValues}`.execute(db);
  return {
    name: facet.name,
    label: facet.label,
    values: rows.map((row) => ({ ...row, label: labels[row.value] ?? row.value })),
  };
};

const named = (facet: Facets[number], names: Readonly<Record<string, string>>): Facets[number] => ({
  ...facet,
  values: facet.values.map((each) => ({ ...each, label: names[each.value] ?? each.label })),
});
