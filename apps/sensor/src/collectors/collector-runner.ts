import { accessSync, constants } from 'node:fs';
import type { CollectorRecord } from '@parapet/contract/wire';
import { type Clock, messageOf } from '@parapet/core';
import type { LossLedger } from '../inventory/loss-ledger.ts';
import type { Log } from '../log.ts';
import type { TelemetrySink } from '../telemetry/telemetry-stream.ts';
import { createBackoff } from '../uplink/backoff.ts';
import type {
  CollectorContext,
  CollectorDefinition,
  CollectorNeed,
  CollectorStatus,
  InventorySink,
  RunningCollector,
} from './collector.ts';
import { createSharedImages } from './shared-images.ts';
import type { WorkloadDirectory } from './workload-directory.ts';

/** Starts collectors, says how each is doing, and starts again what failed. */
export type CollectorRunner = {
  /** Resolves when each collector has its first full view, or was refused, or failed once. */
  readonly start: (definitions: readonly CollectorDefinition[]) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** A start that takes longer goes on beside the others. */
const startPatienceMs = 20_000;

export const createCollectorRunner = (deps: {
  readonly inventory: InventorySink;
  readonly telemetry: TelemetrySink;
  readonly workloads: WorkloadDirectory;
  readonly losses: LossLedger;
  readonly clock: Clock;
  readonly log: Log;
  readonly bootId: string;
  readonly isRoot: boolean;
  readonly procPath: string;
}): CollectorRunner => {
  const { inventory, clock, log } = deps;
  const images = createSharedImages(inventory);
  const stopping = new AbortController();
  const running: RunningCollector[] = [];
  const timers = new Set<NodeJS.Timeout>();
  /** Several may begin at one moment: containers are started many at once. */
  let spans = 0;

  const say = (
    name: string,
    status: Pick<CollectorRecord, 'state' | 'source'> & { reason?: string | undefined },
  ): void => {
    const { state, source, reason } = status;
    // Most say at each turn how they are: the same again is not worth a record that is checked and compared.
    const whole = JSON.stringify([state, source, reason]);
    if (said.get(name) === whole) return;
    said.set(name, whole);
    const since = sinceWhen(name, `${state} ${source}`);
    inventory.put({
      kind: 'collector',
      key: name,
      startedAt: since,
      state,
      source: source.slice(0, 1024),
      ...(reason === undefined ? {} : { reason: reason.slice(0, 2048) }),
    });
  };
  const said = new Map<string, string>();
  const states = new Map<string, { readonly text: string; readonly since: number }>();
  const sinceWhen = (name: string, text: string): number => {
    const before = states.get(name);
    if (before?.text === text) return before.since;
    const since = clock.now();
    states.set(name, { text, since });
    return since;
  };

  const contextFor = (name: string): CollectorContext => ({
    inventory: images.for(name),
    telemetry: deps.telemetry,
    workloads: deps.workloads,
    clock,
    log,
    bootId: deps.bootId,
    isRoot: deps.isRoot,
    procPath: deps.procPath,
    signal: stopping.signal,
    report: (status: CollectorStatus) => say(name, status),
    lose: ({ stage, cause, count }) => deps.losses.count({ collector: name, stage, cause, count }),
    blind: (cause, since = clock.now()) => {
      spans += 1;
      const key = `${name}|${since}|${spans}`;
      inventory.put({ kind: 'blind', key, startedAt: since, collector: name, cause: cause.slice(0, 1024) });
      return { end: (endedAt = clock.now()) => inventory.end('blind', key, Math.max(endedAt, since)) };
    },
  });

  const startOne = async (
    definition: CollectorDefinition,
    backoff = createBackoff({ minMs: 5000, maxMs: 300_000 }),
  ): Promise<void> => {
    const refusal = definition.needs.find((need) => !isMet(need, deps.isRoot));
    if (refusal !== undefined) {
      say(definition.name, { state: 'refused', source: '', reason: refusal.reason });
      return;
    }
    try {
      running.push(await definition.start(contextFor(definition.name)));
    } catch (error) {
      const waitMs = backoff.next();
      log.error('a collector failed', { collector: definition.name, error: messageOf(error), retryInMs: waitMs });
      say(definition.name, { state: 'failed', source: '', reason: messageOf(error) });
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (!stopping.signal.aborted) void startOne(definition, backoff);
      }, waitMs);
      timers.add(timer);
    }
  };

  return {
    start: async (definitions) => {
      // In order: processes are told apart by the containers that are known already.
      for (const definition of definitions) {
        const patience = Promise.withResolvers<void>();
        const timer = setTimeout(patience.resolve, startPatienceMs);
        await Promise.race([startOne(definition), patience.promise]);
        clearTimeout(timer);
      }
    },
    stop: async () => {
      stopping.abort();
      for (const timer of timers) clearTimeout(timer);
      for (const collector of running.toReversed()) {
        await collector.stop().catch((error: unknown) => log.warn('a collector did not stop', { error }));
      }
    },
  };
};

const isMet = (need: CollectorNeed, isRoot: boolean): boolean => {
  switch (need.kind) {
    case 'root':
      return isRoot;
    case 'readable':
      try {
        accessSync(need.path, constants.R_OK);
        return true;
      } catch {
        return false;
      }
  }
};
