import { isInBlock } from '@parapet/core';
import { type FlowTracking, openFlowTracking } from '@parapet/kernel';
import type { CollectorContext, RunningCollector } from '../collector.ts';
import { createAddressBook } from './address-book.ts';
import { createAttribution } from './attribution.ts';
import { createConnectionIndex } from './connection-index.ts';
import { createDockerProxies, readProcessArguments } from './docker-proxy.ts';
import { createEdgeBook } from './edge-book.ts';
import { createFlowAccounting } from './flow-accounting.ts';
import { createFlowNews, type FlowNews } from './flow-news.ts';
import { createFlowTable } from './flow-table.ts';
import { createListenerBook } from './listener-book.ts';
import { createListenerCensus } from './listener-census.ts';
import { createLookSchedule, shortestMs } from './look-schedule.ts';
import { createNamespaces, type Namespaces } from './namespaces.ts';
import { networkStatus } from './network-status.ts';
import { createNetworkWatch, type LookOutcome, type NetworkWatch } from './network-watch.ts';
import { createOverrunSpans, type OverrunSpans } from './overrun-spans.ts';
import { createPeerResolver } from './peers.ts';
import { createProxyLedger } from './proxy-ledger.ts';
import { createSocketCensus } from './socket-census.ts';
import { createSocketOwners } from './socket-owners.ts';

/**
 * Sources, best first: own eBPF (to come: it will call `connect` and `carry` of the edge book with the process known at
 * once), then connection tracking with socket diagnostics, then /proc.
 */
export const startNetworkCollector = async (context: CollectorContext): Promise<RunningCollector> => {
  const parts = assemble(context);
  await parts.watch.look(context.clock.now(), { thorough: true });
  const stop = keepLooking(context, parts);
  return {
    stop: async () => {
      stop();
      parts.spans.close(context.clock.now());
      parts.tracking?.close();
      parts.namespaces.close();
    },
  };
};

/** What is held at once; beyond it things are counted as lost. Some 400 bytes each. */
const maxConnections = 16_384;
const maxFlows = 16_384;
const flowBufferBytes = 8 * 1024 * 1024;

const drainEveryMs = 500;
const thoroughEveryMs = 10_000;
const reconcileEveryMs = 60_000;

type Parts = {
  readonly watch: NetworkWatch;
  readonly namespaces: Namespaces;
  readonly flowNews: FlowNews;
  readonly tracking: FlowTracking | undefined;
  readonly spans: OverrunSpans;
};

const assemble = (context: CollectorContext): Parts => {
  const { workloads, inventory, procPath, clock } = context;
  const lose = (stage: string, cause: string, count: number): void => context.lose({ stage, cause, count });
  const now = clock.now();
  const namespaces = createNamespaces({ procPath, workloads, mayEnter: context.isRoot }, now);
  const opened = openFlowTracking(flowBufferBytes);
  const tracking = opened.ok ? opened.value : undefined;
  const spans = createOverrunSpans(
    (since) => context.blind('The kernel dropped news of connections before they were read.', since),
    now,
  );
  const addresses = createAddressBook(isInBlock);
  const connections = createConnectionIndex(maxConnections);
  const flows = createFlowTable(maxFlows, (flow) => {
    if (!flow.settled || flow.clientEdge !== undefined || flow.serverEdge !== undefined) lose('flows', 'too-many', 1);
  });
  const owners = createSocketOwners({ procPath, process: workloads.process, monotonicMs: () => performance.now() });
  const proxies = createDockerProxies((pid) => readProcessArguments(procPath, pid));
  const ledger = createProxyLedger();
  const peers = createPeerResolver({ namespaces, addresses });
  const edges = createEdgeBook({
    inventory,
    markSocketOwner: workloads.markSocketOwner,
    lose: (cause, count) => lose('edges', cause, count),
  });
  const listeners = createListenerBook({ inventory, lose: (cause, count) => lose('listeners', cause, count) });
  const shared = { namespaces, addresses, connections, flows, owners, proxies, ledger, peers, edges };
  const onOverrun = (): void => spans.overran(clock.now());
  const stir = (address: string): void => {
    const container = addresses.find(address);
    const view = container === undefined ? undefined : namespaces.ofContainer(container.containerKey);
    if (view !== undefined) view.census.stirred = true;
  };
  const flowNews = createFlowNews({
    flows,
    tracking,
    onOverrun,
    onBegan: (client, server) => {
      stir(client);
      stir(server);
    },
  });
  const watch = createNetworkWatch({
    ...shared,
    workloads,
    tracking,
    flowNews,
    sockets: createSocketCensus({ connections, lose: (cause, count) => lose('connections', cause, count), onOverrun }),
    listeners: createListenerCensus({ owners, proxies, ledger, listeners, markSocketOwner: workloads.markSocketOwner }),
    attribute: createAttribution(shared),
    accounting: createFlowAccounting(shared),
  });
  flowNews.reconcile(now);
  return { watch, namespaces, flowNews, tracking, spans };
};

/** Returns the way to stop. */
const keepLooking = (context: CollectorContext, parts: Parts): (() => void) => {
  const { clock } = context;
  const schedule = createLookSchedule();
  const last = { thorough: clock.now(), reconcile: clock.now() };
  let timer: NodeJS.Timeout | undefined;
  let dueAt = 0;
  let stopped = false;
  let looking = false;

  const lookIn = (waitMs: number): void => {
    clearTimeout(timer);
    if (stopped) return;
    dueAt = performance.now() + waitMs;
    timer = setTimeout(() => void run(), waitMs);
  };
  const lookSoon = (): void => {
    if (!looking && dueAt - performance.now() > shortestMs) lookIn(shortestMs);
  };
  const run = async (): Promise<void> => {
    looking = true;
    const before = process.cpuUsage();
    const waitMs = await lookOnce().then(
      (outcome) => schedule.next({ costMs: costSince(before), changed: outcome.news > 0 || outcome.expectsMore }),
      (error: unknown) => {
        context.log.warn('sockets could not be looked at', { error });
        return retryMs;
      },
    );
    looking = false;
    report(context, parts, waitMs);
    lookIn(waitMs);
  };
  const lookOnce = async (): Promise<LookOutcome> => {
    const now = clock.now();
    const thorough = now - last.thorough >= thoroughEveryMs;
    if (thorough) last.thorough = now;
    if (now - last.reconcile >= reconcileEveryMs) {
      last.reconcile = now;
      parts.flowNews.reconcile(now);
    }
    return parts.watch.look(now, { thorough });
  };

  const drainTimer = setInterval(() => {
    const now = clock.now();
    try {
      if (parts.watch.drain(now) > 0) lookSoon();
    } catch (error) {
      context.log.warn('news of connections could not be read', { error });
    }
    parts.spans.read(now);
  }, drainEveryMs);
  const stopListening = context.workloads.onContainersChanged(() => {
    parts.watch.noteContainers(clock.now());
    // A container that just started must be watched before it opens its first connections.
    if (!looking) lookIn(Math.min(100, Math.max(0, dueAt - performance.now())));
  });
  report(context, parts, shortestMs);
  lookIn(shortestMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
    clearInterval(drainTimer);
    stopListening();
  };
};

const retryMs = 10_000;

const costSince = (before: NodeJS.CpuUsage): number => {
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000;
};

const report = (context: CollectorContext, { namespaces, flowNews, tracking }: Parts, lookEveryMs: number): void => {
  const host = namespaces.host();
  context.report(
    networkStatus({
      isRoot: context.isRoot,
      sockets: host.source,
      ends: host.ends !== undefined,
      tracking: tracking === undefined ? 'absent' : flowNews.everSaw() ? 'active' : 'idle',
      missedNamespaces: namespaces.missed(),
      lookEveryMs,
    }),
  );
};
