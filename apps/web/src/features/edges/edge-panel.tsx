import type { ResultOf } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { KeyValues } from '../../components/key-values.tsx';
import { Section } from '../../components/page.tsx';
import { PanelFrame } from '../../components/panel-frame.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { Time } from '../../components/time.tsx';
import { steadyQuery } from '../../lib/api.ts';
import { formatBytes, formatCompact, plural } from '../../lib/format.ts';
import { momentQuery, useMoment } from '../../lib/view-state.ts';

type EdgePanelProps = { readonly source: string; readonly target: string };
type Item = ResultOf<'map.edge'>['items'][number];

/** What a drawn edge stands for: one line for each port and pair of processes. */
export const EdgePanel = ({ source, target }: EdgePanelProps) => {
  const moment = useMoment();
  const { data, error, refetch } = useQuery(
    steadyQuery('map.edge', { query: { source, target, ...momentQuery(moment) } }),
  );
  const first = data?.items[0];
  const title = first === undefined ? 'Connection' : `${first.source} → ${first.target}`;
  return (
    <PanelFrame kind="Connection" title={title}>
      {error !== null && data === undefined ? (
        <Failure what="The connection could not be fetched" error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton label="the connection" />
      ) : data.items.length === 0 ? (
        <Empty title="Nothing at this moment">
          It was not seen at the moment that is shown, or is older than what is kept.
        </Empty>
      ) : (
        data.items.map((item) => <EdgeItem key={item.id} item={item} bundled={data.items.length > 1} />)
      )}
      {data?.cut === true ? <p>Only the busiest are shown.</p> : null}
    </PanelFrame>
  );
};

const EdgeItem = ({ item, bundled }: { readonly item: Item; readonly bundled: boolean }) => (
  <Section title={`${item.protocol} ${item.port}${bundled ? `, ${item.source} → ${item.target}` : ''}`}>
    <KeyValues items={factsOf(item)} />
  </Section>
);

const factsOf = (item: Item) => [
  ...(item.sourceProcess === undefined ? [] : [{ name: 'From process', value: item.sourceProcess }]),
  ...(item.targetProcess === undefined ? [] : [{ name: 'To process', value: item.targetProcess }]),
  ...(item.publishedPort === undefined || item.publishedPort === item.port
    ? []
    : [{ name: 'Published as', value: `port ${item.publishedPort}` }]),
  { name: 'Connections', value: formatCompact(item.connections) },
  ...(item.bytesSent === undefined
    ? []
    : [{ name: 'Sent, received', value: `${formatBytes(item.bytesSent)}, ${formatBytes(item.bytesReceived ?? 0)}` }]),
  { name: 'First seen', value: <Time at={item.firstSeenAt} /> },
  { name: 'Last seen', value: <Time at={item.lastSeenAt} /> },
  ...(item.addresses === undefined || item.addresses.length === 0
    ? []
    : [
        {
          name: plural(item.addressCount ?? item.addresses.length, 'address', 'addresses'),
          value: `${item.addresses.join(', ')}${(item.addressCount ?? 0) > item.addresses.length ? ', …' : ''}`,
        },
      ]),
];
