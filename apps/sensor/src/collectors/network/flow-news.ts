import type { FlowTracking, TrackedFlow } from '@parapet/kernel';
import { type Flow, type FlowTable, isTranslated } from './flow-table.ts';

/** Keeps the flow table up to date with the kernel's. */
export type FlowNews = {
  /** Reads new and ended flows; returns how many. */
  readonly drain: (now: number) => number;
  /** Compares with the kernel's whole table: flows that ended unheard end here, too. */
  readonly reconcile: (now: number) => void;
  /** Whether there ever was a flow: connection tracking works only while some rule asks for it. */
  readonly everSaw: () => boolean;
};

export type FlowNewsDeps = {
  readonly flows: FlowTable;
  readonly tracking: FlowTracking | undefined;
  readonly onOverrun: () => void;
  /** A flow began between these addresses. */
  readonly onBegan: (client: string, server: string) => void;
};

export const createFlowNews = ({ flows, tracking, onOverrun, onBegan }: FlowNewsDeps): FlowNews => {
  let saw = false;
  const reconcile = (now: number): void => {
    const live = new Set<Flow>();
    const listed = tracking?.list((tracked) => {
      saw = true;
      if (tracked.zone !== ordinaryZone) return;
      const known = flows.byClient(tracked.protocol, tracked.original.source, tracked.original.destination);
      // What is neither known nor translated has been told by its sockets.
      const flow = known ?? (isOfUse(tracked) ? flows.add(tracked, now) : undefined);
      if (flow === undefined) return;
      flow.tracked = tracked;
      live.add(flow);
    }, maxFlows);
    if (listed?.ok !== true || !listed.value.complete) return;
    for (const flow of flows.flows()) if (!live.has(flow)) flow.ended = true;
  };

  const onNew = (tracked: TrackedFlow, now: number): void => {
    saw = true;
    if (tracked.zone !== ordinaryZone) return;
    flows.add(tracked, now);
    onBegan(tracked.original.source.address, tracked.reply.source.address);
  };
  const onEnd = (tracked: TrackedFlow): void => {
    const flow = flows.byClient(tracked.protocol, tracked.original.source, tracked.original.destination);
    if (flow === undefined || tracked.zone !== ordinaryZone) return;
    flow.tracked = tracked;
    flow.ended = true;
  };

  return {
    reconcile,
    everSaw: () => saw,
    drain: (now) => {
      let events = 0;
      const drained = tracking?.drain(
        {
          onNew: (tracked) => {
            events += 1;
            onNew(tracked, now);
          },
          onEnd: (tracked) => {
            events += 1;
            onEnd(tracked);
          },
        },
        maxEvents,
      );
      if ((drained?.overruns ?? 0) > 0) {
        onOverrun();
        reconcile(now);
      }
      return events;
    },
  };
};

const maxEvents = 8192;
const maxFlows = 65_536;
/** In other zones the same addresses may mean other machines. */
const ordinaryZone = 0;

const isOfUse = (tracked: TrackedFlow): boolean => tracked.protocol === 'udp' || isTranslated(tracked);
