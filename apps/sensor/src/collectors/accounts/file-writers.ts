import type { TelemetryEvent } from '@parapet/contract/telemetry';

/** Who changed files since they were last looked at, as far as events of files tell it. */
export type FileWriters = {
  readonly take: (event: TelemetryEvent) => void;
  /**
   * What an event says of the one process that changed this file, or that several did; nothing where none is known, or where the file
   * changed after the last event: somebody whose event is still to come may have done it.
   */
  readonly of: (path: string, changedAtMs: number | undefined) => Partial<TelemetryEvent>;
  /** What was done before now has been looked at. */
  readonly forget: () => void;
};

/** Beyond that no more are remembered until the next look, half a second after the first. */
const maxPaths = 4096;
/** What the clocks of events and of file systems may differ. */
const clocksMs = 20;

const actions: ReadonlySet<string> = new Set(['file-create', 'file-write', 'file-rename', 'file-delete']);
/** All that says who it was. */
const who = [
  ...['process.pid', 'process.entity_id', 'process.name', 'process.executable', 'process.start'],
  ...['process.parent.pid', 'process.parent.entity_id', 'process.parent.name', 'process.parent.executable'],
  ...['user.id', 'user.name', 'user.effective.id', 'user.group.id', 'parapet.login.user.id', 'parapet.login.session'],
  ...['container.id', 'parapet.namespace.net'],
] as readonly (keyof TelemetryEvent)[];

export const createFileWriters = (isWanted: (path: string) => boolean): FileWriters => {
  const writers = new Map<string, { event: TelemetryEvent; several: boolean }>();
  const note = (path: string, event: TelemetryEvent): void => {
    const before = writers.get(path);
    if (before === undefined) {
      if (writers.size < maxPaths) writers.set(path, { event, several: false });
      return;
    }
    if (identityOf(before.event) !== identityOf(event)) before.several = true;
    before.event = event;
  };
  return {
    take: (event) => {
      if (!actions.has(event['event.action'])) return;
      for (const path of [event['file.path'], event['file.target_path']])
        if (path !== undefined && isWanted(path)) note(path, event);
    },
    of: (path, changedAtMs) => {
      const writer = writers.get(path);
      if (writer === undefined) return {};
      const { event, several } = writer;
      if (changedAtMs !== undefined && changedAtMs > event['@timestamp'] / 1000 + clocksMs) return {};
      if (several) return { 'parapet.change.process': 'several' };
      if (identityOf(event) === undefined) return {};
      const found = who.filter((name) => event[name] !== undefined).map((name) => [name, event[name]]);
      return { ...Object.fromEntries(found), 'parapet.change.process': 'file event' };
    },
    forget: () => writers.clear(),
  };
};

/** A process of which only the number is known is none that can be named. */
const identityOf = (event: TelemetryEvent): string | undefined => event['process.entity_id'];
