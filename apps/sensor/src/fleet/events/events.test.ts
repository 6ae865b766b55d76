import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TelemetryEvent, TelemetryLine } from '@parapet/contract/telemetry';
import { decodeFrame, type InventoryRecord } from '@parapet/contract/wire';
import { describe, expect, test } from 'vitest';
import type { InventorySink } from '../../collectors/collector.ts';
import { createEventFilter } from '../../telemetry/policy/event-filter.ts';
import { createHostLife } from '../host-life.ts';
import { planWorld } from '../world.ts';
import { openInventedTelemetry } from './invented-telemetry.ts';

const beganAtMs = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
const fromMs = beganAtMs + hour;
/** An edge, the one that is attacked, one of the CI, the bastion. */
const hosts = [0, 3, 8, 19] as const;

/** All that a host tells in two hours, the second and third of its world, and what its inventory says. */
const tell = (seed: string, index: number, tellsEvents = true) => {
  const world = planWorld(seed, 20);
  const host = world.hosts[index];
  if (host === undefined) throw new Error('There is no such host.');
  const events: TelemetryEvent[] = [];
  const records: InventoryRecord[] = [];
  const sink: InventorySink = { put: (record) => void records.push(record), end: () => undefined, has: () => false };
  const life = createHostLife(world, host, {
    beganAtMs,
    detailedFromMs: fromMs,
    pace: 2,
    eventsFromMs: tellsEvents ? fromMs : undefined,
  });
  life.attach(sink, (event) => events.push(event));
  life.passUntil(fromMs + 2 * hour);
  return { events, records };
};

const fields = (events: readonly TelemetryEvent[], action: string, field: 'process.entity_id'): string[] =>
  events.flatMap((event) => (event['event.action'] === action ? (event[field] ?? []) : []));

describe('the events of invented hosts', () => {
  test('are the same for the same seed, and change nothing of the world', () => {
    const once = tell('a', 1);
    expect(tell('a', 1).events).toEqual(once.events);
    expect(tell('b', 1).events).not.toEqual(once.events);
    const silent = tell('a', 1, false);
    expect(silent.events).toEqual([]);
    // Only who tells events has collectors of them.
    const isOfEvents = ({ kind, key }: InventoryRecord): boolean =>
      kind === 'collector' && ['activity', 'files', 'logins'].includes(key);
    expect(once.records.filter((record) => !isOfEvents(record))).toEqual(silent.records);
  });

  test('are such as a sensor may tell, say that they are invented, and none is of before', () => {
    for (const index of hosts) {
      const isRight = (event: TelemetryEvent): boolean =>
        Object.keys(TelemetryEvent.safeParse(event).data ?? {}).length === Object.keys(event).length &&
        event['parapet.source'] === 'simulated' &&
        event['@timestamp'] >= fromMs * 1000 &&
        event['@timestamp'] < (fromMs + 2 * hour + 1000) * 1000;
      expect(tell('a', index).events.filter((event) => !isRight(event))).toEqual([]);
    }
  });

  test('are of every kind that people look for, one in some seconds', () => {
    const all = hosts.map((index) => tell('a', index).events);
    expect(new Set(all.flat().map((event) => event['event.action']))).toEqual(
      new Set([
        ...['exec', 'exit', 'connect', 'accept', 'flow', 'dns-query', 'login', 'logout'],
        ...['file-create', 'file-write', 'file-rename', 'file-permission'],
      ]),
    );
    for (const events of all) {
      expect(events.length).toBeGreaterThan(1000);
      expect(events.length).toBeLessThan(5000);
    }
  });

  test('each start is of another process, and what ended had begun, by a parent that is named', () => {
    for (const index of hosts) {
      const { events } = tell('a', index);
      const started = fields(events, 'exec', 'process.entity_id');
      expect(new Set(started).size).toBe(started.length);
      const ended = fields(events, 'exit', 'process.entity_id').filter((id) => Number(id.split(':')[0]) >= 200_000);
      expect(new Set(started)).toEqual(new Set([...started, ...ended]));
      const isOrphan = (event: TelemetryEvent): boolean =>
        event['event.action'] === 'exec' && event['process.parent.entity_id'] === undefined;
      expect(events.filter(isOrphan)).toEqual([]);
    }
  });

  test('processes of the inventory are named alike by both', () => {
    const { events, records } = tell('a', 1);
    const begun = records.filter((record) => record.kind === 'process' && record.startedAt >= fromMs);
    const started = new Set(fields(events, 'exec', 'process.entity_id'));
    expect(begun.length).toBeGreaterThan(20);
    for (const { key } of begun) expect(started.has(key), key).toBe(true);
  });
});

test('hours of them come to the console whole, and their accounts say so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'invented-telemetry-'));
  const filter = createEventFilter([], { containerOf: () => undefined, elapsedMs: () => 0 });
  const telemetry = openInventedTelemetry({ folder, clock: { now: () => fromMs }, filter });
  const { events } = tell('a', 19);
  for (const event of events) telemetry.tell(event);
  telemetry.lose(7);
  telemetry.settle();
  expect(telemetry.isDrained()).toBe(false);

  telemetry.stream.resume({ epoch: 0, seq: 0 });
  telemetry.stream.grant({ epoch: 0, acked: 0, limit: 1000 });
  const told: TelemetryEvent[] = [];
  const sums = { produced: 0, told: 0, lost: 0 };
  for (let data = telemetry.stream.next(); data !== undefined; data = telemetry.stream.next()) {
    const frame = decodeFrame(data);
    if (!frame.ok) throw new Error(frame.error.message);
    for (const line of frame.value.body.toString('utf8').split('\n')) {
      const parsed = TelemetryLine.parse(JSON.parse(line));
      if (parsed.kind === 'event') told.push(parsed.event);
      else {
        sums.produced += parsed.produced;
        sums.told += parsed.told;
        sums.lost += parsed.lost.reduce((sum, { count }) => sum + count, 0);
      }
    }
  }
  expect(told).toEqual(events);
  expect(sums).toEqual({ produced: events.length + 7, told: events.length, lost: 7 });
  expect(telemetry.produced()).toBe(events.length + 7);
  const { epoch, seq } = telemetry.stream.position();
  telemetry.stream.grant({ epoch, acked: seq, limit: 1000 });
  expect(telemetry.isDrained()).toBe(true);
  await telemetry.close();
  rmSync(folder, { recursive: true });
});
