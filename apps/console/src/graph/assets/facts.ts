import { type AssetDetail, endpoint } from '@parapet/contract/api';
import { ContainerRecord, HostRecord, ImageRecord } from '@parapet/contract/wire';
import { utcText } from '@parapet/core';
import { UploadRecord } from '../../sboms/upload-record.ts';

type Fact = AssetDetail['facts'][number];
type Pair = readonly [name: string, value: string | undefined];

/** The facts of an asset from its record, as its sensor reported it; none when there is no record yet. */
export const factsOf = (kind: AssetDetail['kind'], record: unknown): Fact[] => {
  switch (kind) {
    case 'host':
      return fromRecord(HostRecord.safeParse(record), hostFacts);
    case 'container':
      return fromRecord(ContainerRecord.safeParse(record), containerFacts);
    case 'upload':
      return fromRecord(UploadRecord.safeParse(record), uploadFacts);
    case 'image':
      return fromRecord(ImageRecord.safeParse(record), imageFacts);
  }
};

type Parsed<T> = { readonly success: boolean; readonly data?: T | undefined };

const fromRecord = <T>(parsed: Parsed<T>, facts: (record: T) => Fact[]): Fact[] =>
  parsed.data === undefined ? [] : facts(parsed.data);

const group = (name: string, pairs: readonly Pair[]): Fact[] =>
  pairs.flatMap(([fact, value]) => (value === undefined || value === '' ? [] : [{ group: name, name: fact, value }]));

const hostFacts = (host: HostRecord): Fact[] => [
  ...group('System', [
    ['Operating system', host.os.name],
    ['Kernel', host.kernel],
    ['Architecture', host.architecture],
    ['Processor', `${host.cpu.count} × ${host.cpu.model}`],
    ['Memory', bytes(host.memoryBytes)],
  ]),
  ...group(
    'Network',
    host.addresses.slice(0, 16).map((entry) => [entry.device, `${entry.address}/${entry.prefixLength}`]),
  ),
  ...group(
    'Runtimes',
    host.runtimes.map((runtime) => [runtime.name, runtimeText(runtime)]),
  ),
  ...group('Cloud', [
    ['Provider', host.cloud?.provider],
    ['Instance', host.cloud?.instanceId],
    ['Type', host.cloud?.instanceType],
    ['Region', host.cloud?.region],
    ['Account', host.cloud?.accountId],
    ['Network', host.cloud?.network],
  ]),
];

const runtimeText = (runtime: HostRecord['runtimes'][number]): string => {
  if (runtime.state === 'ok') return runtime.version;
  const state = runtime.state === 'denied' ? 'refuses to be asked' : 'does not answer';
  return runtime.reason === undefined ? state : `${state}: ${runtime.reason}`;
};

const uploadFacts = ({ target, by }: UploadRecord): Fact[] =>
  group('Uploaded scan', [
    ['Target', `${target.kind} ${target.name}`],
    ['Digest', target.digest],
    ['By', by],
  ]);

const containerFacts = (container: ContainerRecord): Fact[] => [
  ...group('Container', [
    ['Image', container.imageName],
    ['State', container.state],
    ['Exit code', container.exitCode?.toString()],
    ['Out of memory', container.oomKilled === true ? 'killed by the kernel' : undefined],
    ['Runtime', container.runtime],
    ['Runtime id', container.runtimeId],
  ]),
  ...group('Network', [
    ['Mode', container.networkMode],
    ...container.networks.map((network): Pair => [network.name, network.address]),
    ...container.ports
      .slice(0, 32)
      .map(
        (port): Pair => [
          `${port.containerPort}/${port.protocol}`,
          `published on ${endpoint(port.hostAddress, port.hostPort)}`,
        ],
      ),
  ]),
  ...group('Privilege', privilegeFacts(container.privilege)),
];

const privilegeFacts = (privilege: ContainerRecord['privilege']): readonly Pair[] => [
  ['Privileged', privilege.privileged ? 'yes: it may become root on its host' : undefined],
  ['Runtime socket', privilege.runtimeSocket ? 'mounted: it may start any container' : undefined],
  ['User', privilege.user === '' ? 'root' : privilege.user],
  ['Added capabilities', privilege.capabilitiesAdded.join(', ')],
  ['Network of the host', privilege.hostNetwork ? 'yes' : undefined],
  ['Processes of the host', privilege.hostPid ? 'yes' : undefined],
  ['Root file system', privilege.readOnlyRoot ? 'read-only' : 'writable'],
  ...privilege.hostMounts
    .slice(0, 32)
    .map((mount): Pair => [mount.target, `${mount.source} of the host, ${mount.writable ? 'writable' : 'read-only'}`]),
];

const imageFacts = (image: ImageRecord): Fact[] =>
  group('Image', [
    ['Digest', image.key],
    ...image.tags.slice(0, 16).map((tag): Pair => ['Tag', tag]),
    ...image.repoDigests.slice(0, 16).map((digest): Pair => ['Manifest', digest]),
    ['Size', bytes(image.sizeBytes)],
    ['Architecture', image.architecture],
    ['Built', image.createdAt === undefined ? undefined : utcText(new Date(image.createdAt))],
  ]);

const bytes = (count: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  return `${(count / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
};
