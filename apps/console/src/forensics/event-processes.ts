import {
  type FieldName,
  type ForensicProcess,
  type HuntEvent,
  type Life,
  livesOf,
  namelessProcess,
  ProcessKey,
} from '@parapet/contract/api';

/** Processes of one host as their starts and ends tell them, by their ids. Those that only their children name are left out. */
export const processesOf = (startsAndEnds: readonly HuntEvent[]): ReadonlyMap<string, ForensicProcess> => {
  const found = new Map<string, ForensicProcess>();
  for (const life of livesOf(startsAndEnds)) {
    const told = life.event === undefined ? undefined : processOf(life.event);
    if (told !== undefined) found.set(told.id, { ...told, ...livedAs(life) });
  }
  return found;
};

/** The process that any event is about. */
export const processOf = (event: HuntEvent): ForensicProcess | undefined => {
  const id = keyIn(event, 'process.entity_id');
  if (id === undefined) return undefined;
  const parentId = keyIn(event, 'process.parent.entity_id');
  return {
    id,
    pid: pidOf(id),
    name: textIn(event, 'process.name') ?? namelessProcess(pidOf(id)),
    knownBy: 'events',
    ...(parentId === undefined ? {} : { parentId }),
    ...optional('executable', textIn(event, 'process.executable')),
    ...optional('commandLine', textIn(event, 'process.command_line')),
    ...optional('user', textIn(event, 'user.name') ?? textIn(event, 'user.id')),
    ...optional('startedAt', instantOf(event['process.start'])),
  };
};

/** What an event tells of the parent of its process. */
export const parentIn = (event: HuntEvent): ForensicProcess | undefined => {
  const id = keyIn(event, 'process.parent.entity_id');
  if (id === undefined) return undefined;
  return {
    id,
    pid: pidOf(id),
    name: textIn(event, 'process.parent.name') ?? namelessProcess(pidOf(id)),
    knownBy: 'child',
    ...optional('executable', textIn(event, 'process.parent.executable')),
  };
};

export const pidOf = (id: string): number => Number(id.slice(0, id.indexOf(':')));

/** Microseconds since the Unix epoch as an instant. */
export const instantOf = (at: unknown): string | undefined =>
  typeof at === 'number' ? new Date(Math.floor(at / 1000)).toISOString() : undefined;

/** What both tell together: events know arguments and exit codes, the inventory knows whom it met later. */
export const mergeProcess = (inventory: ForensicProcess | undefined, events: ForensicProcess | undefined) =>
  events === undefined ? inventory : { ...inventory, ...events };

/** As many commands of one process as its list tells. */
const maxBefore = 8;

/** A process that ran another program in its own place has the name of the last one, as its command line is. */
const livedAs = (life: Life): Partial<ForensicProcess> => ({
  ...optional('commandLine', life.commands.at(-1)),
  name: life.name,
  ...(life.commands.length < 2 ? {} : { ranBefore: life.commands.slice(-1 - maxBefore, -1) }),
  ...optional('startedAt', instantOf(life.startedAt)),
  ...optional('endedAt', instantOf(life.endedAt)),
  ...(life.exitCode === undefined ? {} : { exitCode: life.exitCode }),
});

/** A sensor of another make may name processes differently; such a name stands for no process here. */
const keyIn = (event: HuntEvent, field: FieldName): string | undefined => {
  const key = ProcessKey.safeParse(event[field]);
  return key.success ? key.data : undefined;
};

const textIn = (event: HuntEvent, field: FieldName): string | undefined => {
  const value = event[field];
  return value === undefined || value === '' ? undefined : String(value);
};

const optional = <K extends keyof ForensicProcess>(
  name: K,
  value: ForensicProcess[K] | undefined,
): Partial<ForensicProcess> => (value === undefined || value === '' ? {} : { [name]: value });
