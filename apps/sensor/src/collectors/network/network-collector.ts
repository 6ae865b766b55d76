import { alignedInterval, isInBlock } from '@parapet/core';
import { type FlowTracking, openFlowTracking } from '@parapet/kernel';
import type { KernelWatch } from '../../kernel-watch/kernel-watch.ts';
import type { CollectorContext, RunningCollector } from '../collector.ts';
import { createAddressBook } from './address-book.ts';
import { createAttribution } from './attribution.ts';
import { createConnectionIndex } from './connection-index.ts';
import { createDockerProxies, readProcessArguments } from './docker-proxy.ts';
import { createEdgeBook } from './edge-book.ts';
import { createFlowAccounting } from './flow-accounting.ts';
import { createFlowNews, type FlowNews } from './flow-news.ts';
import { createFlowTable } from './flow-table.ts';
import { createHolders } from './holders.ts';
import { joinKernel, type KernelNews } from './kernel-news.ts';
import { createListenerBook } from './listener-book.ts';
import { createListenerCensus } from './listener-census.ts';
import { createLookSchedule, shortestMs } from './look-schedule.ts';
import { createNamespaces, type Namespaces } from './namespaces.ts';
import { networkStatus } from './network-status.ts';
import { createNetworkWatch, type LookOutcome, type NetworkWatch } from './network-watch.ts';
import { createNewcomerSpans, followNewcomers, type NewcomerSpans } from './newcomer-spans.ts';
import { createOverrunSpans, type OverrunSpans } from './overrun-spans.ts';
import { createPeerResolver } from './peers.ts';
import { createProbedConnections } from './probed-connections.ts';
import { createProxyLedger } from './proxy-ledger.ts';
import { createSocketCensus } from './socket-census.ts';
import { createSocketOwners } from './socket-owners.ts';
import { createUnwatchedViews } from './unwatched-views.ts';

/**
 * Sources: programs of our own in the kernel tell who began each TCP connection and miss none, socket diagnostics (or /proc) tell
 * what is there, connection tracking undoes translations and sees UDP. Each works without the others.
 */
export const startNetworkCollector = async (
  context: CollectorContext,
  kernel: KernelWatch,
): Promise<RunningCollector> => {
  const parts = assemble(context, kernel);
  const newcomers = followNewcomers({
    ...{ workloads: context.workloads, clock: context.clock, spans: parts.newcomers },
    openedAt: (key) => parts.namespaces.ofContainer(key)?.openedAt,
    // Programs in the kernel see what a container does from its first moment on.
    isNeeded: context.isRoot && parts.kernelNews.refusal !== undefined,
  });
  await parts.watch.look(context.clock.now(), { thorough: true });
  const stop = keepLooking(context, parts, newcomers.note);
  return {
    stop: async () => {
      stop();
      newcomers.stop();
      parts.kernelNews.leave();
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
const accountEveryMs = 5000;

type Parts = {
  readonly watch: NetworkWatch;
  readonly namespaces: Namespaces;
  readonly flowNews: FlowNews;
  readonly tracking: FlowTracking | undefined;
  readonly spans: OverrunSpans;
  readonly newcomers: NewcomerSpans;
  readonly kernelNews: KernelNews;
};

const assemble = (context: CollectorContext, kernel: KernelWatch): Parts => {
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
  const owners = createSocketOwners({
    ...{ procPath, process: workloads.process },
    ...{ monotonicMs: () => performance.now(), processorMs: threadProcessorMs },
  });
  const holders = createHolders({ workloads, owners });
  const probed = createProbedConnections({
    memory: kernel.memory,
    running: workloads.process,
    catchUp: () => kernelNews.catchUp(),
    lose: (cause, count) => lose('connections', cause, count),
  });
  const proxies = createDockerProxies((pid) => readProcessArguments(procPath, pid));
  const ledger = createProxyLedger();
  const peers = createPeerResolver({ namespaces, addresses });
  const edges = createEdgeBook({
    inventory,
    markSocketOwner: workloads.markSocketOwner,
    lose: (cause, count) => lose('edges', cause, count),
  });
  const listeners = createListenerBook({ inventory, lose: (cause, count) => lose('listeners', cause, count) });
  const shared = { namespaces, addresses, connections, flows, owners, holders, probed, proxies, ledger, peers, edges };
  const onOverrun = (): void => spans.overran(clock.now());
  const kernelNews = joinKernel(kernel, {
    mayJoin: context.isRoot,
    clock,
    onChange: (change) => {
      if (change.kind === 'listen') owners.expectAt(change.process.pid);
      probed.take(change, clock.now());
    },
    onLost: (cause, count, since) => {
      lose('kernel', cause, count);
      spans.overran(clock.now(), since);
    },
  });
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
    probed,
    unwatched: createUnwatchedViews(holders),
    lose: (cause, count) => lose('connections', cause, count),
    sockets: createSocketCensus({
      connections,
      claim: (view, { protocol, local, peer }) => {
        const inode = protocol === 'tcp' ? namespaces.inodeOf(view) : undefined;
        return inode === undefined ? undefined : probed.claim(inode, local, peer);
      },
      lose: (cause, count) => lose('connections', cause, count),
      onOverrun,
    }),
    listeners: createListenerCensus({ owners, proxies, ledger, listeners, markSocketOwner: workloads.markSocketOwner }),
    attribute: createAttribution(shared),
    accounting: createFlowAccounting({ ...shared, isProbed: kernelNews.covers }),
  });
  const newcomers = createNewcomerSpans((since) => context.blind('A new container was not watched yet.', since), now);
  flowNews.reconcile(now);
  return { watch, namespaces, flowNews, tracking, spans, newcomers, kernelNews };
};

/** Returns the way to stop. */
const keepLooking = (context: CollectorContext, parts: Parts, noteNewcomers: (now: number) => void): (() => void) => {
  const { clock } = context;
  const schedule = createLookSchedule();
  const last = { thorough: clock.now(), reconcile: clock.now(), account: clock.now() };
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
    if (now - last.account >= accountEveryMs) {
      last.account = now;
      parts.kernelNews.account();
    }
    if (thorough) last.thorough = now;
    if (now - last.reconcile >= reconcileEveryMs) {
      last.reconcile = now;
      parts.flowNews.reconcile(now);
    }
    const outcome = await parts.watch.look(now, { thorough });
    noteNewcomers(now);
    return outcome;
  };
  const stopDraining = alignedInterval(() => {
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
    stopDraining();
    stopListening();
  };
};

const retryMs = 10_000;

const threadProcessorMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

const costSince = (before: NodeJS.CpuUsage): number => {
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000;
};

const report = (context: CollectorContext, parts: Parts, lookEveryMs: number): void => {
  const { namespaces, flowNews, tracking, kernelNews } = parts;
  const host = namespaces.host();
  context.report(
    networkStatus({
      isRoot: context.isRoot,
      sockets: host.source === 'procfs' ? 'procfs' : 'sock_diag',
      unprobed: kernelNews.refusal,
      ends: host.ends !== undefined,
      tracking: tracking === undefined ? 'absent' : flowNews.everSaw() ? 'active' : 'idle',
      missedNamespaces: namespaces.missed(),
      lookEveryMs,
    }),
  );
};
