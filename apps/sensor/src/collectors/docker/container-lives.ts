import { type ContainerRecord, tellsLife } from '@parapet/contract/wire';
import { applyEvent, eventTime } from './container-record.ts';
import type { DockerEvent } from './schema.ts';

/**
 * How long after a process ended Docker may still tell of its start. Docker starts a container again after 100 ms at the
 * soonest, so a start told later than this is another one.
 */
const startMayTrailMs = 50;

/**
 * Walks through events from what was known before: the lives that ended besides the last one, and what the events leave of
 * that. Starts and ends that were known already change nothing; events from before the known life tell of earlier ones.
 */
export const walkLives = (
  before: ContainerRecord,
  events: readonly DockerEvent[],
): { readonly ended: readonly ContainerRecord[]; readonly last: ContainerRecord } => {
  const isEarly = (event: DockerEvent): boolean => tellsLife(before) && eventTime(event) < before.startedAt;
  const { ended, last } = walk(
    before,
    events.filter((event) => !isEarly(event)),
  );
  return { ended: [...missedLives(before, events.filter(isEarly)), ...ended], last };
};

/** Lives before the known one, which was seen ahead of their events. The end of one whose start is not among them was told. */
const missedLives = (known: ContainerRecord, early: readonly DockerEvent[]): readonly ContainerRecord[] => {
  const from = early.findIndex(({ Action }) => Action === 'start');
  if (from === -1) return [];
  const { ended, last } = walk(unstarted(known), early.slice(from));
  return last.endedAt === undefined ? ended : [...ended, last];
};

const walk = (before: ContainerRecord, events: readonly DockerEvent[]) => {
  const ended: ContainerRecord[] = [];
  let last = before;
  for (const event of events) {
    if (event.Action === 'start' && isKnownStart(last, event, before)) continue;
    if (event.Action === 'die' && last.exitCode !== undefined) continue;
    if (event.Action === 'start' && tellsLife(last)) ended.push(last);
    last = applyEvent(last, event);
  }
  return { ended, last };
};

const isKnownStart = (last: ContainerRecord, event: DockerEvent, before: ContainerRecord): boolean => {
  if (!tellsLife(last)) return false;
  if (last.endedAt === undefined) return true;
  return last === before && eventTime(event) <= last.endedAt + startMayTrailMs;
};

/**
 * What Docker says of a container when it is asked, together with the events that came before the answer. Docker knows only
 * the present life: `earlier` are those that the events tell of besides it. And it tells of an end before it writes it down:
 * `now` has the end although the answer had none.
 */
export const catchUp = (
  held: ContainerRecord | undefined,
  seen: ContainerRecord,
  events: readonly DockerEvent[],
): { readonly earlier: readonly ContainerRecord[]; readonly now: ContainerRecord } => {
  const ofThisLife = events.slice(events.findLastIndex(({ Action }) => Action === 'start') + 1);
  // The start stays as Docker has it, which is a little before it tells of it: it says which life is meant.
  const now = isBehind(seen, events) ? ofThisLife.reduce(applyEvent, seen) : withToldEnd(seen, held);
  const { ended, last } = walkLives(held ?? unstarted(seen), events);
  const lives = last.endedAt === undefined ? ended : [...ended, last];
  return { earlier: lives.filter((life) => tellsLife(life) && isBefore(life, now)), now };
};

/** Whether the events know more than Docker said: it is gone since, or it ended and Docker still had it as running. */
const isBehind = (seen: ContainerRecord, events: readonly DockerEvent[]): boolean => {
  const last = events.findLast(({ Action }) => Action === 'start' || Action === 'die' || Action === 'destroy');
  return (
    last?.Action === 'destroy' || (last?.Action === 'die' && seen.endedAt === undefined && !startedAfter(seen, last))
  );
};

/** An end that was told stands, although Docker has not written it down and was asked again for another reason. */
const withToldEnd = (seen: ContainerRecord, held: ContainerRecord | undefined): ContainerRecord => {
  if (held?.endedAt === undefined || seen.endedAt !== undefined || seen.startedAt !== held.startedAt) return seen;
  if (!tellsLife(seen) || held.exitCode === undefined) return seen;
  const { state, endedAt, exitCode } = held;
  return { ...seen, state, endedAt, exitCode };
};

/** Docker has started it again since, and its event is on the way. */
const startedAfter = (seen: ContainerRecord, event: DockerEvent): boolean => seen.startedAt > eventTime(event);

const unstarted = ({ endedAt: _, exitCode: __, pid: ___, ...rest }: ContainerRecord): ContainerRecord => ({
  ...rest,
  state: 'created',
});

const isBefore = (life: ContainerRecord, now: ContainerRecord): boolean =>
  life.startedAt !== now.startedAt && life.endedAt !== undefined && life.endedAt <= now.startedAt;
