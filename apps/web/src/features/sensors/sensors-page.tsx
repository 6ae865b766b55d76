import type { Sensor } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import { type Sort, sortRows } from '../../components/columns.ts';
import { DataTable } from '../../components/data-table.tsx';
import { SearchField } from '../../components/field.tsx';
import { NoHosts } from '../../components/no-hosts.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { steadyQuery } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { useMay } from '../../lib/session.ts';
import { useSetSearch } from '../../lib/view-state.ts';
import { sensorColumns } from './sensor-columns.tsx';
import { presenceNames, troublesOf } from './sensor-words.ts';
import { UpgradePanel } from './upgrade-panel.tsx';

type SensorsSearch = { readonly q?: string; readonly presence?: Sensor['presence'] };

/** Every sensor and how well it sees. */
export const SensorsPage = () => {
  const search = useSearch({ strict: false }) as SensorsSearch;
  const setSearch = useSetSearch();
  const mayAdd = useMay('sensors:write');
  const { q, presence } = search;
  const query = {
    ...(q === undefined ? {} : { q }),
    ...(presence === undefined ? {} : { presence, includeRevoked: presence === 'revoked' }),
  };
  const { data, error, refetch } = useQuery(steadyQuery('sensors.list', { query }));
  const onSearch = useCallback(
    (text: string) => setSearch({ q: text === '' ? undefined : text }, { replace: true }),
    [setSearch],
  );
  const rows = data?.items ?? [];
  return (
    <Page
      name="Sensors"
      full
      title={data === undefined ? 'Sensors' : headline(rows, search)}
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
      <Tabs label="Which sensors" tabs={tabsFor(presence)} />
      <UpgradePanel />
      {error !== null && data === undefined ? (
        <Failure what="The sensors could not be fetched" error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton label="sensors" lines={10} />
      ) : rows.length === 0 ? (
        <NoSensors filtered={q !== undefined || presence !== undefined} />
      ) : (
        <SensorTable sensors={rows} />
      )}
    </Page>
  );
};

const SensorTable = ({ sensors }: { readonly sensors: readonly Sensor[] }) => {
  const navigate = useNavigate();
  const [sort, setSort] = useState<Sort>({ by: 'presence', direction: 'up' });
  const rows = useMemo(() => sortRows(sensors, sensorColumns, sort), [sensors, sort]);
  return (
    <DataTable
      label="Sensors"
      columns={sensorColumns}
      rows={rows}
      rowKey={(sensor) => sensor.hostId}
      sort={sort}
      onSort={setSort}
      onOpen={(sensor) => void navigate({ to: '/sensors/$hostId', params: { hostId: sensor.hostId } })}
    />
  );
};

const NoSensors = ({ filtered }: { readonly filtered: boolean }) =>
  filtered ? (
    <Empty title="No such sensor">Look under All, or empty the filter.</Empty>
  ) : (
    <NoHosts>
      One command on a host starts its sensor. It takes about 60 MB of memory and one fiftieth of a core.
    </NoHosts>
  );

const tabsFor = (presence: Sensor['presence'] | undefined) => [
  { label: 'All', to: '/sensors', current: presence === undefined },
  ...(['online', 'unknown', 'stopped', 'revoked', 'removed'] as const).map((value) => ({
    label: presenceNames[value],
    to: `/sensors?presence=${value}`,
    current: presence === value,
  })),
];

const headline = (sensors: readonly Sensor[], { q, presence }: SensorsSearch): string => {
  if (q !== undefined || presence !== undefined) return plural(sensors.length, 'sensor');
  const silent = sensors.filter((sensor) => sensor.presence === 'unknown').length;
  const troubled = sensors.filter((sensor) => sensor.presence === 'online' && troublesOf(sensor).length > 0).length;
  if (sensors.length === 0) return 'Sensors';
  if (silent > 0) return `${plural(silent, 'sensor')} of ${sensors.length} ${silent === 1 ? 'is' : 'are'} silent`;
  if (troubled > 0)
    return `${plural(troubled, 'sensor')} of ${sensors.length} ${troubled === 1 ? 'does' : 'do'} not see everything`;
  return `All ${plural(sensors.length, 'sensor')} report`;
};
