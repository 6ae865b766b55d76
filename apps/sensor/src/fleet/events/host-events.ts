import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ContainerRecord, InventoryRecord, ProcessRecord } from '@parapet/contract/wire';
import { createRandom } from '../random.ts';
import type { Timeline } from '../timeline.ts';
import type { HostPlan } from '../world.ts';
import { describeEnd, describeStart, type Program, processIdOf, programOf } from './program.ts';
import { planScenes } from './scenes.ts';
import type { Stage } from './stage.ts';

/** The events of one invented host: starts and ends of all that is in its inventory, and scenes that are over too soon for that. */
export type HostEvents = {
  readonly started: (record: ProcessRecord) => void;
  readonly ended: (record: ProcessRecord, atMs: number, exitCode: number) => void;
};

export type HostEventsDeps = {
  readonly seed: string;
  readonly host: HostPlan;
  readonly bootedAtMs: number;
  readonly timeline: Timeline;
  /** What is there now, by kind and key. */
  readonly live: ReadonlyMap<string, InventoryRecord>;
  /** Nothing of what was before is told. */
  readonly fromMs: number;
  readonly tell: (event: TelemetryEvent) => void;
};

/** Beyond those that the inventory gives, so that no two are the same. */
const firstBriefPid = 200_000;
const pidsAround = 3_000_000;

export const createHostEvents = (deps: HostEventsDeps): HostEvents => {
  const { host, live, timeline, bootedAtMs, fromMs } = deps;
  // A stream of its own: whether events are told changes nothing of the world.
  const random = createRandom(deps.seed, 'events', host.index);
  let briefs = 0;

  const tell = (event: TelemetryEvent): void => {
    if (event['@timestamp'] >= fromMs * 1000) deps.tell(event);
  };
  const atUs = (atMs: number): number => Math.round(atMs) * 1000 + random.int(1000);

  const containerOf = (key: string | undefined): ContainerRecord | undefined => {
    const record = key === undefined ? undefined : live.get(`container ${key}`);
    return record?.kind === 'container' ? record : undefined;
  };
  const knownProgram = (key: string): Program | undefined => {
    const record = live.get(`process ${key}`);
    return record?.kind === 'process' ? programFor(record) : undefined;
  };
  const daemon = (executable: string): Program | undefined => {
    for (const record of live.values())
      if (record.kind === 'process' && record.executable === executable) return programOf(record, undefined, undefined);
    return undefined;
  };
  /** What starts what runs in a container; it has no record. */
  const shimOf = (container: ContainerRecord): Program => {
    const pid = (container.pid ?? 1) + shimsFrom;
    return {
      ...{ pid, id: processIdOf(pid, container.startedAt, bootedAtMs), startedAtMs: container.startedAt },
      ...{ executable: '/usr/bin/containerd-shim-runc-v2', arguments: [], uid: 0, user: 'root' },
    };
  };
  const programFor = (record: ProcessRecord): Program => {
    const container = containerOf(record.containerKey);
    const parent =
      record.parentKey === undefined
        ? container === undefined
          ? daemon(starterOf(record.executable))
          : shimOf(container)
        : knownProgram(record.parentKey);
    return programOf(record, container, parent);
  };

  const stage: Stage = {
    ...{ random, host, live, at: timeline.at, atUs, tell, knownProgram, daemon, containerOf, shimOf },
    start: (atMs, parent, part) => {
      briefs = (briefs + 1 + random.int(9)) % pidsAround;
      const pid = firstBriefPid + briefs;
      const program: Program = {
        ...{ pid, id: processIdOf(pid, atMs, bootedAtMs), startedAtMs: atMs, parent, uid: parent.uid },
        ...(parent.container === undefined ? {} : { container: parent.container }),
        ...(parent.user === undefined ? {} : { user: parent.user }),
        ...(parent.terminal === undefined ? {} : { terminal: parent.terminal }),
        ...part,
      };
      tell(describeStart(atUs(atMs), program));
      return program;
    },
    end: (atMs, program, exitCode = 0) => tell(describeEnd(atUs(atMs), program, exitCode)),
  };
  planScenes(stage, fromMs);

  return {
    started: (record) => tell(describeStart(atUs(record.startedAt), programFor(record))),
    ended: (record, atMs, exitCode) => tell(describeEnd(atUs(atMs), programFor(record), exitCode)),
  };
};

const shimsFrom = 100_000;

/** Which of the host's own programs starts another. */
const starterOf = (executable: string): string => {
  if (executable === '/bin/bash') return '/usr/sbin/sshd';
  return executable.startsWith('/usr/sbin/') || executable.startsWith('/usr/lib/')
    ? '/usr/lib/systemd/systemd'
    : '/usr/sbin/cron';
};
