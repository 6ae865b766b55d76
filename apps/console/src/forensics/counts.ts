import {
  type EventAction,
  type EventKind,
  eventActions,
  eventKinds,
  type ForensicProcess,
  type Forensics,
  type HuntEvent,
} from '@parapet/contract/api';
import type { Bucket } from '@parapet/telemetry';
import { stepOf } from '../telemetry/round-step.ts';
import type { AnswerDeps, ForensicQuery } from './deps.ts';

const laneSteps = 120;

type Span = Pick<ForensicQuery, 'since' | 'until'>;
type Lane = Forensics['lanes'][number];

export type Counts = {
  /** Also of actions that have no name here. */
  readonly total: number;
  /** The most frequent first. */
  readonly actions: Forensics['actions'];
  /** Over time, a lane for each kind of which there is something. */
  readonly lanes: readonly Lane[];
};

/** How often what was done: one reading of the events, split by action, tells sums and lanes alike. */
export const readCounts = async ({ hunts }: AnswerDeps, q: string, span: Span): Promise<Counts> => {
  const { stepMs, buckets } = await hunts.counts({ q, ...span, steps: laneSteps, splitBy: 'event.action' });
  return countsIn(buckets, stepMs);
};

/** The same of events that were read. */
export const countsOf = (events: readonly HuntEvent[], span: Span): Counts =>
  countsIn(events.flatMap(bucketOf), stepOf(span, laneSteps));

const countsIn = (buckets: readonly Bucket[], stepMs: number): Counts => {
  const byAction = Map.groupBy(buckets, ({ value }) => value);
  const actions = eventActions
    .flatMap((action) => {
      const count = sumOf(byAction.get(action) ?? []);
      return count === 0 ? [] : [{ action, count }];
    })
    .toSorted((a, b) => b.count - a.count || (a.action < b.action ? -1 : 1));
  const lanes = (Object.keys(eventKinds) as EventKind[]).map((kind) => {
    const ofKind: readonly EventAction[] = eventKinds[kind];
    return laneOf(
      kind,
      stepMs,
      ofKind.flatMap((action) => byAction.get(action) ?? []),
    );
  });
  return { total: sumOf(buckets), actions, lanes: lanes.filter(({ total }) => total > 0) };
};

/** The lane of what a process started itself. Its events are counted here where all were read, and asked for where there are more. */
export const readStartedLane = async (
  { hunts }: AnswerDeps,
  { hostId, process }: { readonly hostId: string; readonly process?: ForensicProcess },
  direct: readonly HuntEvent[] | undefined,
  span: Span,
): Promise<readonly Lane[]> => {
  if (process === undefined) return [];
  const q = `host.id = ${hostId} and process.parent.entity_id = "${process.id}" and event.action = exec`;
  const { stepMs, buckets } =
    direct === undefined
      ? await hunts.counts({ q, ...span, steps: laneSteps })
      : { stepMs: stepOf(span, laneSteps), buckets: direct.filter(isStart).flatMap(bucketOf) };
  const lane = laneOf('started', stepMs, buckets);
  return lane.total > 0 ? [lane] : [];
};

const isStart = (event: HuntEvent): boolean => event['event.action'] === 'exec';

const bucketOf = (event: HuntEvent): readonly Bucket[] => {
  const [at, action] = [event['@timestamp'], event['event.action']];
  if (typeof at !== 'number') return [];
  return [{ at, count: 1, ...(action === undefined ? {} : { value: String(action) }) }];
};

const laneOf = (lane: Lane['lane'], stepMs: number, counted: readonly Bucket[]): Lane => {
  const steps = new Map<number, number>();
  for (const { at, count } of counted) {
    const step = Math.floor(at / 1000 / stepMs) * stepMs;
    steps.set(step, (steps.get(step) ?? 0) + count);
  }
  const buckets = [...steps].toSorted(([a], [b]) => a - b);
  return {
    ...{ lane, stepMs, total: sumOf(counted) },
    buckets: buckets.map(([at, count]) => ({ at: new Date(at).toISOString(), count })),
  };
};

const sumOf = (buckets: readonly Bucket[]): number => buckets.reduce((sum, { count }) => sum + count, 0);
