import { Presence, type ResultOf, type Sensor, type SensorCounts, type SensorSort } from '@parapet/contract/api';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import type { Sort } from '../../components/columns.ts';
import { DataTable } from '../../components/data-table.tsx';
import { SearchField } from '../../components/field.tsx';
import { NewRows } from '../../components/new-rows.tsx';
import { NoHosts } from '../../components/no-hosts.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { apiPages } from '../../lib/api.ts';
import { formatCount, formatTotal, plural } from '../../lib/format.ts';
import { useSteadyPages } from '../../lib/paged-rows.ts';
import { stringifySearch } from '../../lib/search-params.ts';
import { useMay } from '../../lib/session.ts';
import { useSetSearch, useTextFilter } from '../../lib/view-state.ts';
import { presenceNames } from '../../lib/words.ts';
import { sensorColumns } from './sensor-columns.tsx';
import { UpgradePanel } from './upgrade-panel.tsx';

type SensorsSearch = {
  readonly q?: string;
  readonly presence?: Sensor['presence'];
  readonly sort?: SensorSort;
  readonly direction?: Sort['direction'];
};

/** Every sensor and how well it sees. */
export const SensorsPage = () => {
  const search = useSearch({ strict: false }) as SensorsSearch;
  const mayAdd = useMay('sensors:write');
  const { q, presence } = search;
  const sensors = useSensors(search);
  const onSearch = useTextFilter();
  return (
    <Page
      name="Sensors"
      full
      title={sensors.first === undefined ? 'Sensors' : headline(sensors.first, search)}
      subline="One small process on each host. What it cannot see is said here."
      tools={
        <>
          <SearchField label="Filter sensors" value={q ?? ''} onSearch={onSearch} />
          {mayAdd ? (
            <>
              <AnyLink to="/settings/keys" className={buttonClass()}>
                Enrolment keys
              </AnyLink>
              <AnyLink to="/sensors/add" className={buttonClass('primary')}>
                Add a host
              </AnyLink>
            </>
          ) : null}
        </>
      }
    >
      <Tabs label="Which sensors" tabs={tabsFor(search, sensors.first?.counts)} />
      <UpgradePanel />
      {sensors.error !== null && sensors.steady.rows.length === 0 ? (
        <Failure what="The sensors could not be fetched" error={sensors.error} retry={sensors.refetch} />
      ) : sensors.pending ? (
        <Skeleton label="sensors" lines={10} />
      ) : sensors.steady.rows.length === 0 ? (
        <NoSensors filtered={q !== undefined || presence !== undefined} />
      ) : (
        <SensorTable search={search} sensors={sensors} />
      )}
    </Page>
  );
};

const useSensors = ({ q, presence, sort = 'presence', direction = 'up' }: SensorsSearch) => {
  const query = {
    ...(q === undefined ? {} : { q }),
    ...(presence === undefined ? {} : { presence }),
    ...{ sort, direction, limit: 100 },
  };
  const pages = useInfiniteQuery(apiPages('sensors.list', { query }));
  return useSteadyPages(pages, idOf, JSON.stringify(query));
};

type TableProps = { readonly search: SensorsSearch; readonly sensors: ReturnType<typeof useSensors> };

const SensorTable = ({ search, sensors }: TableProps) => {
  const navigate = useNavigate();
  const setSearch = useSetSearch();
  const { sort = 'presence', direction = 'up' } = search;
  return (
    <>
      <NewRows steady={sensors.steady} />
      <DataTable
        label="Sensors"
        columns={sensorColumns}
        rows={sensors.steady.rows}
        rowKey={idOf}
        sort={{ by: sort, direction }}
        onSort={(next) =>
          setSearch({
            sort: next.by === 'presence' ? undefined : next.by,
            direction: next.direction === 'up' ? undefined : next.direction,
          })
        }
        onOpen={(sensor) => void navigate({ to: '/sensors/$hostId', params: { hostId: sensor.hostId } })}
        onEnd={sensors.fetchMore}
      />
    </>
  );
};

const idOf = (sensor: Sensor): string => sensor.hostId;

const NoSensors = ({ filtered }: { readonly filtered: boolean }) =>
  filtered ? (
    <Empty title="No such sensor">Look under All, or empty the filter.</Empty>
  ) : (
    <NoHosts>
      One command on a host starts its sensor. It takes about 60 MB of memory and one fiftieth of a core.
    </NoHosts>
  );

/** Each with how many there are; the other filters and the order stay. */
const tabsFor = ({ presence, ...others }: SensorsSearch, counts: SensorCounts | undefined) => [
  { label: 'All', to: `/sensors${stringifySearch(others)}`, current: presence === undefined },
  ...Presence.options.map((value) => ({
    label: presenceNames[value],
    to: `/sensors${stringifySearch({ ...others, presence: value })}`,
    current: presence === value,
    ...(counts?.[value] ? { count: formatCount(counts[value]) } : {}),
  })),
];

const headline = (
  { total, totalIsMinimum, counts }: ResultOf<'sensors.list'>,
  { q, presence }: SensorsSearch,
): string => {
  const all = formatTotal(total, totalIsMinimum);
  if (q !== undefined || presence !== undefined) return `${all} ${total === 1 ? 'sensor' : 'sensors'}`;
  const { unknown: silent, troubled } = counts;
  if (total === 0) return 'Sensors';
  if (silent > 0) return `${plural(silent, 'sensor')} of ${all} ${silent === 1 ? 'is' : 'are'} silent`;
  if (troubled > 0)
    return `${plural(troubled, 'sensor')} of ${all} ${troubled === 1 ? 'does' : 'do'} not see everything`;
  return `All ${plural(total, 'sensor')} report`;
};
