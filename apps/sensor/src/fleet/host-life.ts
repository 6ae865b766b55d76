import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ContainerRecord, EdgeRecord, InventoryRecord } from '@parapet/contract/wire';
import type { InventorySink } from '../collectors/collector.ts';
import { edgesOf, hostEdges } from './edges.ts';
import { createHostEvents } from './events/host-events.ts';
import { collectorOf, daemons, shortLived } from './host-programs.ts';
import { createRandom, hexOf, type Random } from './random.ts';
import {
  containerRecordOf,
  hostRecordOf,
  imageKeyOf,
  imageRecordOf,
  libraryFilesOf,
  listenerRecordOf,
  processRecordOf,
} from './records.ts';
import { createTimeline } from './timeline.ts';
import type { HostPlan, Slot, World } from './world.ts';

export type LifeOptions = {
  /** When the simulated company began, in milliseconds since the Unix epoch. */
  readonly beganAtMs: number;
  /** How much faster than in earnest things change: deploys, restarts, short-lived programs. */
  readonly pace: number;
  /** From when on traffic and short-lived programs are told; before, only deploys, restarts and the like are. */
  readonly detailedFromMs: number;
  /** From when on events are told; none are when absent. */
  readonly eventsFromMs?: number | undefined;
};

/** One simulated host: it puts into an inventory what the collectors of a real one would. */
export type HostLife = {
  /** Lets the time pass up to a moment, which must not lie before an earlier one. */
  readonly passUntil: (nowMs: number) => void;
  /** From now on changes go to this sink, which first gets all that is live. Until then they are only remembered. */
  readonly attach: (sink: InventorySink, tell?: (event: TelemetryEvent) => void) => void;
  /** The service and version behind a container or image of this host. */
  readonly softwareAt: (key: string) => { readonly slot: Slot; readonly version: number } | undefined;
  readonly containerOf: (runtimeId: string) => ContainerRecord | undefined;
};

const minute = 60_000;
const hour = 60 * minute;
/** Counters of edges are looked at this often, all at once, as the real collector's are sent. */
const countersEveryMs = 20_000;

export const createHostLife = (world: World, host: HostPlan, options: LifeOptions): HostLife => {
  const { beganAtMs, pace, detailedFromMs } = options;
  const random = createRandom(world.seed, 'life', host.index);
  const timeline = createTimeline();
  const bootedAtMs = beganAtMs - Math.round(random.between(1, 40) * 24) * hour;
  const live = new Map<string, InventoryRecord>();
  const instances = new Map<number, Instance>();
  /** Containers that exited and were not removed, by their slot. */
  const stopped = new Map<number, Instance>();
  /** By their key, also those that nothing runs any more. */
  const images = new Map<string, { readonly slot: Slot; readonly version: number }>();
  let sink: InventorySink | undefined;
  let tell: ((event: TelemetryEvent) => void) | undefined;
  let pid = 400;
  const events =
    options.eventsFromMs === undefined
      ? undefined
      : createHostEvents({
          ...{ seed: world.seed, host, bootedAtMs, timeline, live, fromMs: options.eventsFromMs },
          tell: (event) => tell?.(event),
        });

  const put = (record: InventoryRecord): void => {
    live.set(`${record.kind} ${record.key}`, record);
    sink?.put(record);
    // A process is put once.
    if (record.kind === 'process') events?.started(record);
  };
  const end = (record: InventoryRecord, endedAtMs: number, changes: object = {}): void => {
    const id = `${record.kind} ${record.key}`;
    const last = live.get(id);
    if (last === undefined) return;
    if (last.kind === 'process') events?.ended(last, endedAtMs, exitCodeOf(changes));
    live.delete(id);
    sink?.put({ ...last, ...changes, endedAt: Math.max(endedAtMs, last.startedAt) } as InventoryRecord);
  };
  const nextPid = (): number => {
    pid += 1 + random.int(40);
    return pid;
  };
  const startProcess = (part: Omit<Parameters<typeof processRecordOf>[0], 'pid' | 'bootedAtMs'>): InventoryRecord => {
    const record = processRecordOf({ ...part, pid: nextPid(), bootedAtMs });
    put(record);
    return record;
  };

  const startSlot = (slot: Slot, version: number, atMs: number, key: string): void => {
    const { service } = slot;
    stopped.delete(slot.id);
    const image = imageKeyOf(service, version);
    if (!images.has(image)) put(imageRecordOf(service, version, atMs));
    images.set(image, { slot, version });
    const uid = service.root === true ? 0 : 1000;
    const loadedFiles = libraryFilesOf(service);
    const common = { startedAtMs: atMs, containerKey: key, executable: service.program, uid, loadedFiles };
    const main = processRecordOf({ ...common, pid: nextPid(), bootedAtMs, arguments: service.arguments });
    const container = containerRecordOf(slot, host, { key, version, pid: main.pid, startedAtMs: atMs });
    put(container);
    put(main);
    const parts: InventoryRecord[] = [main];
    for (let worker = 0; worker < service.workers; worker += 1) {
      parts.push(startProcess({ ...common, arguments: [...service.arguments, 'worker'], parentKey: main.key }));
    }
    const listener = listenerRecordOf({
      ...{ containerKey: key, processKey: main.key, executable: service.program },
      ...{ port: service.port, startedAtMs: atMs },
    });
    put(listener);
    const edges = edgesOf(slot, host, key, main.key, atMs);
    for (const edge of edges) put(edge);
    instances.set(slot.id, { key, version, container, parts: [...parts, listener, ...edges] });
  };

  const stopSlot = (slot: Slot, atMs: number, how: 'removed' | 'exited', exitCode: number): Instance | undefined => {
    const instance = instances.get(slot.id);
    if (instance === undefined) return undefined;
    instances.delete(slot.id);
    for (const part of instance.parts) end(part, atMs, part.kind === 'process' ? { exitCode } : {});
    if (how === 'removed') end(instance.container, atMs, { state: 'removed', exitCode });
    else {
      put({ ...instance.container, state: 'exited', exitCode, endedAt: Math.max(atMs, instance.container.startedAt) });
      stopped.set(slot.id, instance);
    }
    return instance;
  };

  const dropImage = (slot: Slot, version: number, atMs: number): void => {
    const key = imageKeyOf(slot.service, version);
    const image = live.get(`image ${key}`);
    const used = host.slots.some((other) => {
      const instance = instances.get(other.id) ?? stopped.get(other.id);
      return other.service === slot.service && instance?.version === version;
    });
    if (image === undefined || used) return;
    end(image, atMs);
    images.delete(key);
  };

  /** A container with the next version takes the place. Two older images stay, as images do. */
  const deploy = (slot: Slot, version: number, atMs: number): void => {
    const exited = stopped.get(slot.id);
    if (exited !== undefined) end(exited.container, atMs, { state: 'removed' });
    stopSlot(slot, atMs, 'removed', 0);
    dropImage(slot, version - 3, atMs);
    startSlot(slot, version, atMs + 800, containerKey(world, slot, version, 0));
  };

  const planDeploys = (slot: Slot): void => {
    const of = createRandom(world.seed, 'deploys', host.site.zone, slot.service.name);
    const everyMs = of.between(1, 9) * hour;
    const phaseMs = of.next() * everyMs;
    const turn = (round: number): void => {
      const atMs = beganAtMs + (phaseMs + round * everyMs) / pace + slot.rank * 7000;
      timeline.at(Math.round(atMs), (now) => {
        deploy(slot, round + 2, now);
        turn(round + 1);
      });
    };
    if (slot.service.role !== 'data' && slot.service.role !== 'every') turn(0);
  };

  /** One container in eighty falls over again and again, each time later. */
  const planCrashes = (slot: Slot): void => {
    const of = createRandom(world.seed, 'crashes', slot.id);
    const loops = of.chance(1 / 80);
    const turn = (afterMs: number): void => {
      timeline.at(Math.round(afterMs), (now) => {
        const was = stopSlot(slot, now, 'exited', loops ? 1 : 137);
        const againMs = Math.round(loops ? Math.min(5 * minute, of.between(10, 60) * 1000) : 1500);
        if (was !== undefined) {
          timeline.at(now + againMs, (at) => {
            // A deploy may have put another container in its place.
            if (!instances.has(slot.id)) startSlot(slot, was.version, at, was.key);
          });
        }
        turn(now + againMs + (loops ? of.between(20, 90) * 1000 : of.between(5, 40) * hour) / (loops ? 1 : pace));
      });
    };
    turn(beganAtMs + (loops ? of.between(20, 90) * 1000 : of.between(1, 40) * hour) / pace);
  };

  /** Services with spare replicas are scaled down for a while, and up again. */
  const planScaling = (slot: Slot): void => {
    if (slot.service.role !== 'app' || slot.rank < 3) return;
    const of = createRandom(world.seed, 'scaling', slot.id);
    const turn = (afterMs: number): void => {
      timeline.at(Math.round(afterMs), (now) => {
        const was = stopSlot(slot, now, 'removed', 0);
        timeline.at(Math.round(now + of.between(20, 90) * (minute / pace)), (at) => {
          if (was === undefined || instances.has(slot.id)) return;
          startSlot(slot, was.version, at, containerKey(world, slot, was.version, Math.round(at / 1000)));
        });
        turn(now + (of.between(2, 12) * hour) / pace);
      });
    };
    turn(beganAtMs + (of.between(1, 12) * hour) / pace);
  };

  /** Jobs of cron, shells of people, health checks: programs that live some seconds to minutes. */
  const planShortLived = (afterMs: number): void => {
    timeline.at(Math.round(afterMs + (random.between(5, 60) * 1000) / Math.min(pace, 10)), (now) => {
      const job = random.pick(shortLived);
      const record = startProcess({ ...job, startedAtMs: now, uid: 0, loadedFiles: [] });
      timeline.at(now + Math.round(random.between(11, 90) * 1000), (at) => end(record, at, { exitCode: 0 }));
      planShortLived(now);
    });
  };

  const startHost = (): void => {
    put(hostRecordOf(host, bootedAtMs));
    for (const name of collectors) put(collectorOf(name, host, bootedAtMs));
    if (events !== undefined) for (const name of eventCollectors) put(collectorOf(name, host, bootedAtMs));
    for (const daemon of daemons) {
      if (host.role === 'bastion' && daemon.needsDocker) continue;
      const record = startProcess({ ...daemon, startedAtMs: bootedAtMs, uid: 0 });
      if (daemon.port !== undefined) {
        put(listenerRecordOf({ ...daemon, port: daemon.port, processKey: record.key, startedAtMs: bootedAtMs }));
      }
    }
    for (const edge of hostEdges(host, beganAtMs)) put(edge);
    for (const slot of host.slots) {
      const startedAtMs = beganAtMs - Math.round(random.between(1, 900) * minute);
      startSlot(slot, 1, startedAtMs, containerKey(world, slot, 1, 0));
      planDeploys(slot);
      planCrashes(slot);
      planScaling(slot);
    }
    const from = Math.max(beganAtMs, detailedFromMs);
    planShortLived(from);
    planCounters(from + random.int(countersEveryMs));
  };

  const planCounters = (firstAtMs: number): void => {
    timeline.at(firstAtMs, (now) => {
      countTraffic(live, random, now, put);
      planCounters(now + countersEveryMs);
    });
  };

  startHost();
  return {
    passUntil: timeline.runUntil,
    attach: (to, toEvents) => {
      sink = to;
      tell = toEvents;
      for (const record of live.values()) to.put(record);
    },
    softwareAt: (key) => {
      for (const slot of host.slots) {
        const instance = instances.get(slot.id) ?? stopped.get(slot.id);
        if (instance?.key === key) return { slot, version: instance.version };
      }
      return images.get(key);
    },
    containerOf: (runtimeId) => {
      const record = live.get(`container docker:${runtimeId}`);
      return record?.kind === 'container' ? record : undefined;
    },
  };
};

const collectors = ['host', 'docker', 'process', 'network'] as const;
const eventCollectors = ['activity', 'files', 'logins'] as const;

const exitCodeOf = (changes: object): number => ('exitCode' in changes ? Number(changes.exitCode) : 0);

type Instance = {
  readonly key: string;
  readonly version: number;
  readonly container: Extract<InventoryRecord, { kind: 'container' }>;
  readonly parts: readonly InventoryRecord[];
};

const containerKey = (world: World, slot: Slot, version: number, started: number): string =>
  `docker:${hexOf(64, world.seed, 'container', slot.id, version, started)}`;

/** Between two looks some edges carried traffic and some did not. */
const countTraffic = (
  live: ReadonlyMap<string, InventoryRecord>,
  random: Random,
  nowMs: number,
  put: (record: InventoryRecord) => void,
): void => {
  const active = [...live.values()].filter((record): record is EdgeRecord => record.kind === 'edge');
  for (const edge of active) {
    if (!random.chance(0.4)) continue;
    const grown = 1 + random.int(30);
    put({
      ...edge,
      lastSeenAt: Math.max(edge.lastSeenAt, nowMs),
      connections: edge.connections + grown,
      bytesSent: (edge.bytesSent ?? 0) + grown * (300 + random.int(4000)),
      bytesReceived: (edge.bytesReceived ?? 0) + grown * (300 + random.int(20_000)),
      ...(edge.peer.kind === 'internet'
        ? { peer: { ...edge.peer, addressCount: edge.peer.addressCount + random.int(3) } }
        : {}),
    });
  }
};
