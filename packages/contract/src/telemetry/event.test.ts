import { describe, expect, it } from 'vitest';
import { TelemetryEvent } from './event.ts';
import {
  actionVocabulary,
  consoleFields,
  eventActions,
  eventKinds,
  optionalFields,
  requiredFields,
  unknownActions,
} from './fields.ts';
import { TelemetryLine } from './line.ts';

const exec: TelemetryEvent = {
  '@timestamp': 1_800_000_000_000_000,
  'event.action': 'exec',
  'process.pid': 42,
  'process.args': ['nc', '-l'],
  'user.id': 0,
};

describe('a telemetry event', () => {
  it('has a time, an action and what else is known', () => {
    expect(TelemetryEvent.parse(exec)).toEqual(exec);
    expect(TelemetryLine.parse({ kind: 'event', event: exec })).toEqual({ kind: 'event', event: exec });
  });

  it('is refused with a field of the wrong kind, an unknown action or text without end', () => {
    expect(TelemetryEvent.safeParse({ ...exec, 'process.pid': '42' }).success).toBe(false);
    expect(TelemetryEvent.safeParse({ ...exec, 'event.action': 'dance' }).success).toBe(false);
    expect(TelemetryEvent.safeParse({ ...exec, 'process.name': 'x'.repeat(10_000) }).success).toBe(false);
    expect(TelemetryEvent.safeParse({ 'event.action': 'exec' }).success).toBe(false);
  });

  it('cannot name a host: what only the console may say is taken away', () => {
    expect(TelemetryEvent.parse({ ...exec, 'host.id': 'another' })).toEqual(exec);
  });
});

describe('the fields', () => {
  it('are named once', () => {
    const names = [requiredFields, optionalFields, consoleFields].flatMap((fields) => Object.keys(fields));
    expect(new Set(names).size).toBe(names.length);
  });

  it('have every action in one kind', () => {
    expect(new Set(eventActions).size).toBe(Object.values(eventKinds).flat().length);
  });

  it('are all known to a sensor of today, and of those that came later to none from before them', () => {
    expect(unknownActions(actionVocabulary)).toEqual([]);
    expect(unknownActions(actionVocabulary + 1)).toEqual([]);
    // Whoever adds an action gives it a vocabulary: sensors of the first never heard of it.
    const first = eventActions.filter((action) => !unknownActions().includes(action));
    expect(first).toEqual([
      ...['exec', 'exit', 'privilege-change', 'file-create', 'file-write', 'file-rename', 'file-delete'],
      ...['file-permission', 'connect', 'accept', 'listen', 'flow', 'dns-query', 'module-load', 'mount', 'ptrace'],
      ...['container-start', 'container-stop', 'container-remove', 'login', 'logout', 'user-change', 'cron-change'],
    ]);
    expect(unknownActions()).toEqual(['datagram']);
  });
});
