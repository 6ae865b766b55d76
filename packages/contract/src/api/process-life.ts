import type { FieldName } from '../telemetry/fields.ts';
import type { HuntEvent } from './hunt.ts';
import { whatOf } from './hunt-words.ts';

/** A process as its events tell it. Times are microseconds since the Unix epoch. */
export type Life = {
  readonly key: string;
  readonly name: string;
  readonly pid?: number;
  /** What it ran, one after the other: a process may run another program in its own place. */
  readonly commands: readonly string[];
  readonly user?: string;
  readonly host: string;
  readonly container?: string;
  /** Absent when its start was not seen: it lies before the span, or nobody saw it. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly exitCode?: number;
  readonly parent?: string;
  /** Its first event, to open; absent for one that is known as a parent only. */
  readonly event?: HuntEvent;
};

/** Processes from starts and ends, in any order. Parents that told nothing themselves are there by name. */
export const livesOf = (events: readonly HuntEvent[]): readonly Life[] => {
  const lives = new Map<string, Life>();
  for (const event of events.toSorted((a, b) => timeOf(a) - timeOf(b))) {
    const key = keyOf(event, 'process.entity_id', 'process.pid');
    if (key === undefined) continue;
    const known = lives.get(key);
    lives.set(
      key,
      event['event.action'] === 'exit'
        ? withEnd(known ?? unseenStart(key, event), event)
        : withStart(known, key, event),
    );
  }
  for (const event of events) {
    const key = keyOf(event, 'process.parent.entity_id', 'process.parent.pid');
    if (key !== undefined && !lives.has(key)) lives.set(key, parentOf(key, event));
  }
  return [...lives.values()];
};

const textOf = (event: HuntEvent, name: FieldName): string | undefined => {
  const value = event[name];
  return value === undefined || value === '' ? undefined : String(value);
};
const numberOf = (event: HuntEvent, name: FieldName): number | undefined => {
  const value = event[name];
  return typeof value === 'number' ? value : undefined;
};
const timeOf = (event: HuntEvent): number => numberOf(event, '@timestamp') ?? 0;

/** An identity is one on its host only. */
const keyOf = (event: HuntEvent, identity: FieldName, pid: FieldName): string | undefined => {
  const own = textOf(event, identity) ?? textOf(event, pid);
  return own === undefined ? undefined : `${textOf(event, 'host.id') ?? ''}/${own}`;
};

const optional = <K extends keyof Life>(name: K, value: Life[K] | undefined): Partial<Life> =>
  value === undefined ? {} : { [name]: value };

/** What stands for a name that nobody told: a process that only its children speak of, such as the first one of a host. */
export const namelessProcess = (pid: number | undefined): string => (pid === undefined ? 'process' : `pid ${pid}`);

const newLife = (key: string, event: HuntEvent): Life => ({
  key,
  name: textOf(event, 'process.name') ?? namelessProcess(numberOf(event, 'process.pid')),
  commands: [],
  host: textOf(event, 'host.name') ?? '',
  event,
  ...optional('pid', numberOf(event, 'process.pid')),
  ...optional('user', textOf(event, 'user.name') ?? textOf(event, 'user.id')),
  ...optional('container', textOf(event, 'container.name')),
  ...optional('startedAt', numberOf(event, 'process.start')),
  ...optional('parent', keyOf(event, 'process.parent.entity_id', 'process.parent.pid')),
});

const withStart = (known: Life | undefined, key: string, event: HuntEvent): Life => {
  const { endedAt, exitCode, event: first, commands } = known ?? newLife(key, event);
  return {
    ...newLife(key, event),
    startedAt: known?.startedAt ?? numberOf(event, 'process.start') ?? timeOf(event),
    commands: [...commands, whatOf(event)].slice(-maxCommands),
    ...optional('event', first),
    ...optional('endedAt', endedAt),
    ...optional('exitCode', exitCode),
  };
};

const maxCommands = 20;

/** Known by its end only, which tells what it ran all the same. */
const unseenStart = (key: string, event: HuntEvent): Life => {
  const command = textOf(event, 'process.command_line') ?? textOf(event, 'process.executable');
  return { ...newLife(key, event), commands: command === undefined ? [] : [command] };
};

const withEnd = (life: Life, event: HuntEvent): Life => ({
  ...life,
  endedAt: timeOf(event),
  ...optional('exitCode', numberOf(event, 'process.exit_code')),
});

const parentOf = (key: string, event: HuntEvent): Life => ({
  key,
  name:
    textOf(event, 'process.parent.name') ??
    textOf(event, 'process.parent.executable') ??
    namelessProcess(numberOf(event, 'process.parent.pid')),
  commands: [],
  host: textOf(event, 'host.name') ?? '',
  ...optional('pid', numberOf(event, 'process.parent.pid')),
});
