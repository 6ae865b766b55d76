import { collectorName, isNoneHere, lostWords, sightOf } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import { KeyValues } from '../../components/key-values.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { Since } from '../../components/time.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatBytes, formatCores } from '../../lib/format.ts';
import { presenceNames } from '../../lib/words.ts';

/** How well the host is watched; the whole of it is on the sensor's page. */
export const AssetSensor = ({ hostId }: { readonly hostId: string }) => {
  const { data, error, refetch } = useQuery(apiQuery('sensors.get', { params: { hostId } }));
  if (error !== null && data === undefined) {
    return <Failure what="The sensor could not be fetched" error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) return <Skeleton label="the sensor" />;
  return (
    <>
      <KeyValues
        items={[
          {
            name: 'Presence',
            value: (
              <>
                {presenceNames[data.presence]} <Since at={data.since} />
              </>
            ),
          },
          { name: 'Version', value: data.version },
          {
            name: 'Sees',
            value: data.collectors
              .filter((collector) => !isNoneHere(collector))
              .map((collector) => (collector.state === 'running' ? collectorName(collector.name) : sightOf(collector)))
              .join(', '),
          },
          { name: 'Lost', value: lostWords(data) || 'nothing' },
          ...(data.rssBytes === undefined ? [] : [{ name: 'Memory', value: formatBytes(data.rssBytes) }]),
          ...(data.cpuCores === undefined ? [] : [{ name: 'CPU', value: formatCores(data.cpuCores) }]),
        ]}
      />
      <p>
        <AnyLink to={`/sensors/${hostId}`} className={buttonClass()}>
          Health, losses and blind intervals
        </AnyLink>
      </p>
    </>
  );
};
