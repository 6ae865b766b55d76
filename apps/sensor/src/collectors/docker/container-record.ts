import { bareContainer, type ContainerRecord, type PackageDatabase } from '@parapet/contract/wire';
import { safeLabels } from '../../masking/safe-labels.ts';
import type { DockerContainer, DockerEvent } from './schema.ts';

export const containerKey = (id: string): string => `docker:${id}`;

/** A container's record from what Docker says of it. */
export const containerRecordOf = (
  container: DockerContainer,
  packageDatabases: readonly PackageDatabase[],
): ContainerRecord => {
  const { State, Config, HostConfig } = container;
  const state = stateOf(State.Status);
  const createdAt = timeOf(container.Created) ?? 0;
  const startedAt = timeOf(State.StartedAt) ?? createdAt;
  const finishedAt = timeOf(State.FinishedAt);
  const isOver = state !== 'created' && state !== 'running' && state !== 'paused' && !(State.Pid ?? 0);
  const endedAt = isOver ? Math.max(finishedAt ?? startedAt, startedAt) : undefined;
  return {
    kind: 'container',
    key: containerKey(container.Id),
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    runtime: 'docker',
    runtimeId: container.Id,
    name: container.Name.replace(/^\//, '').slice(0, 1024),
    state,
    ...(endedAt === undefined ? {} : { exitCode: Math.trunc(State.ExitCode ?? 0) }),
    ...(State.OOMKilled === true ? { oomKilled: true } : {}),
    imageName: Config.Image.slice(0, 1024),
    ...(container.Image === '' ? {} : { imageDigest: container.Image.slice(0, 128) }),
    ...((State.Pid ?? 0) > 0 ? { pid: State.Pid ?? 0 } : {}),
    labels: safeLabels(Config.Labels),
    networkMode: HostConfig.NetworkMode.slice(0, 1024),
    networks: networksOf(container),
    ports: portsOf(container),
    privilege: privilegeOf(container),
    packageDatabases: [...packageDatabases],
  };
};

/** A record of a container that was gone before it could be looked at, from what its events carry. */
export const containerRecordFromEvent = (event: DockerEvent, imageDigest: string | undefined): ContainerRecord => {
  const { image = '', name = '', exitCode: _, ...labels } = event.Actor.Attributes;
  return {
    ...bareContainer,
    kind: 'container',
    key: containerKey(event.Actor.ID),
    startedAt: eventTime(event),
    runtime: 'docker',
    runtimeId: event.Actor.ID.slice(0, 128),
    name: name.slice(0, 1024),
    state: 'created',
    imageName: image.slice(0, 1024),
    ...(imageDigest === undefined ? {} : { imageDigest }),
    labels: safeLabels(labels),
  };
};

/** Lays an event over a record: what it says is known even if the container is gone by now. */
export const applyEvent = (record: ContainerRecord, event: DockerEvent): ContainerRecord => {
  const at = eventTime(event);
  switch (event.Action) {
    case 'start': {
      const { endedAt: _, exitCode: __, ...rest } = record;
      return { ...rest, state: 'running', startedAt: at };
    }
    case 'die':
      return {
        ...record,
        state: 'exited',
        endedAt: Math.max(at, record.startedAt),
        exitCode: Math.trunc(Number(event.Actor.Attributes['exitCode'] ?? 0)) || 0,
      };
    case 'oom':
      return { ...record, oomKilled: true };
    case 'pause':
      return { ...record, state: 'paused' };
    case 'unpause':
      return { ...record, state: 'running' };
    case 'destroy':
      return asRemoved(record, at);
    default:
      return record;
  }
};

/** The record of a container that was removed at `at`, where it had not ended before. */
export const asRemoved = (record: ContainerRecord, at: number): ContainerRecord => {
  const { pid: _, ...rest } = record;
  return { ...rest, state: 'removed', endedAt: record.endedAt ?? Math.max(at, record.startedAt) };
};

/** Milliseconds since the Unix epoch. */
export const eventTime = (event: DockerEvent): number => Math.floor(event.timeNano / 1e6);

/** Docker writes times that never came as the year 1. */
export const timeOf = (text: string): number | undefined => {
  const time = Date.parse(text);
  return Number.isFinite(time) && time > 0 ? time : undefined;
};

const stateOf = (status: string): ContainerRecord['state'] => {
  switch (status) {
    case 'created':
    case 'running':
    case 'paused':
    case 'restarting':
    case 'exited':
    case 'dead':
      return status;
    case 'removing':
      return 'exited';
    default:
      return 'running';
  }
};

const networksOf = (container: DockerContainer): ContainerRecord['networks'] =>
  Object.entries(container.NetworkSettings.Networks)
    .flatMap(([name, network]) => {
      if (network === null || network === undefined) return [];
      const base = { name: name.slice(0, 1024), networkId: network.NetworkID.slice(0, 1024) };
      return [
        { ...base, address: network.IPAddress, prefixLength: network.IPPrefixLen ?? 0 },
        { ...base, address: network.GlobalIPv6Address, prefixLength: network.GlobalIPv6PrefixLen ?? 0 },
      ].filter(({ address }) => address !== '' && address.length <= 64);
    })
    .slice(0, 64);

const portForm = /^(\d{1,5})\/(tcp|udp|sctp)$/;

const portsOf = (container: DockerContainer): ContainerRecord['ports'] =>
  Object.entries(container.NetworkSettings.Ports)
    .flatMap(([port, bindings]) => {
      const match = portForm.exec(port);
      const containerPort = Number(match?.[1]);
      if (match === null || containerPort > 65_535) return [];
      const protocol = match[2] === 'udp' ? 'udp' : match[2] === 'sctp' ? 'sctp' : 'tcp';
      return (bindings ?? []).flatMap((binding) => {
        const hostPort = Number(binding.HostPort);
        if (!Number.isInteger(hostPort) || hostPort < 1 || hostPort > 65_535) return [];
        return [
          { protocol, containerPort, hostAddress: (binding.HostIp || '0.0.0.0').slice(0, 64), hostPort } as const,
        ];
      });
    })
    .slice(0, 1024);

const privilegeOf = ({ HostConfig, Config, Mounts }: DockerContainer): ContainerRecord['privilege'] => {
  const binds = Mounts.filter((mount) => mount.Type === 'bind');
  return {
    privileged: HostConfig.Privileged === true,
    user: Config.User.slice(0, 1024),
    capabilitiesAdded: (HostConfig.CapAdd ?? []).slice(0, 64).map((capability) => capability.slice(0, 64)),
    hostNetwork: HostConfig.NetworkMode === 'host',
    hostPid: HostConfig.PidMode === 'host',
    readOnlyRoot: HostConfig.ReadonlyRootfs === true,
    hostMounts: binds.slice(0, 256).map((mount) => ({
      source: mount.Source.slice(0, 4096),
      target: mount.Destination.slice(0, 4096),
      writable: mount.RW === true,
    })),
    runtimeSocket: binds.some((mount) => reachesRuntimeSocket(mount.Source)),
  };
};

/** Who can talk to a runtime's socket is root on the host; so is who sees the folder it lies in. */
const reachesRuntimeSocket = (source: string): boolean =>
  /\/(docker|containerd|podman|crio)\.sock$/.test(source) ||
  /^\/(?:(?:var\/)?run(?:\/(?:containerd|podman|crio))?)?\/?$/.test(source);
