/** Run as a program: the network collector on the network namespace it is started in. One JSON request per line, one answer. */
import { createInterface } from 'node:readline';
import { bareContainer, type ContainerRecord, type InventoryRecord } from '@parapet/contract/wire';
import type { CollectorStatus } from '../../collector.ts';
import { type WatchedHost, watchHost } from './watched-host.ts';

type Container = {
  readonly id: string;
  readonly pid: number;
  readonly networks: readonly { readonly name: string; readonly address: string; readonly prefixLength: number }[];
};
/** `containers` starts the sensor; without it the records are asked for. */
export type SensorRequest = { readonly containers?: readonly Container[] };
export type SensorAnswer = {
  readonly records: readonly InventoryRecord[];
  readonly status?: CollectorStatus | undefined;
};

const recordOf = ({ id, pid, networks }: Container): ContainerRecord => ({
  ...bareContainer,
  kind: 'container',
  key: `docker:${id}`,
  startedAt: Date.now(),
  runtime: 'docker',
  runtimeId: id,
  name: id.slice(0, 12),
  state: 'running',
  imageName: 'lab',
  pid,
  networkMode: 'bridge',
  networks: networks.map((network) => ({ ...network, networkId: network.name })),
});

let host: WatchedHost | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as SensorRequest;
  if (request.containers !== undefined)
    host = await watchHost((workloads) => {
      for (const container of request.containers ?? [])
        workloads.setContainer({ key: `docker:${container.id}`, record: recordOf(container), pid: container.pid });
      return [];
    });
  const records = host === undefined ? [] : [...host.live('listener'), ...host.live('edge')];
  const answer: SensorAnswer = { records, status: host?.status() };
  console.log(JSON.stringify(answer));
}
