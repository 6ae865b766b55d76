import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostRules, type TelemetryAccount, type TelemetryEvent, TelemetryLine } from '@parapet/contract/telemetry';
import { decodeFrame, type Position } from '@parapet/contract/wire';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEventFilter } from './policy/event-filter.ts';
import { defaultSpoolLimits, openSpool } from './spool/spool.ts';
import { createTelemetryStream, type TelemetryOptions, type TelemetryStream } from './telemetry-stream.ts';

let folder: string;
const clock = createManualClock(1_800_000_000_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-telemetry-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (options: Partial<TelemetryOptions> & { spoolBytes?: number } = {}): TelemetryStream =>
  createTelemetryStream({
    clock,
    complete: (event) => event,
    openSpool: () =>
      openSpool({
        folder,
        clock,
        limits: { ...defaultSpoolLimits, segmentBytes: 4096, bytes: options.spoolBytes ?? defaultSpoolLimits.bytes },
      }),
    // By hand, so that nothing depends on when a timer runs.
    flushEveryMs: 3_600_000,
    ...options,
  });

const exec = (pid: number, more: Partial<TelemetryEvent> = {}): TelemetryEvent => ({
  '@timestamp': clock.now() * 1000,
  'event.action': 'exec',
  'process.pid': pid,
  ...more,
});

type Received = { events: TelemetryEvent[]; accounts: TelemetryAccount[]; positions: Position[]; frames: number };

/** What a console would have after taking frames for as long as there are any. */
const receive = (stream: TelemetryStream): Received => {
  const received: Received = { events: [], accounts: [], positions: [], frames: 0 };
  for (let data = stream.next(); data !== undefined; data = stream.next()) {
    const frame = decodeFrame(data);
    if (!frame.ok) throw new Error(frame.error.message);
    received.frames += 1;
    received.positions.push({ epoch: frame.value.epoch, seq: frame.value.seq });
    for (const text of frame.value.body.toString().split('\n')) {
      const line = TelemetryLine.parse(JSON.parse(text));
      if (line.kind === 'event') received.events.push(line.event);
      else received.accounts.push(line);
    }
  }
  return received;
};

const none: Position = { epoch: 0, seq: 0 };
const connect = (stream: TelemetryStream, frames = 10_000): void => {
  stream.resume(none);
  stream.grant({ epoch: 0, acked: 0, limit: frames });
};

/** The promise: whatever was produced was received, lost by count, or unwanted. */
const expectBalance = ({ events, accounts: all }: Received): void => {
  const last = new Map(all.map((account) => [`${account.collector} ${account.since}`, account]));
  const accounts = [...last.values()];
  const sum = (of: (account: TelemetryAccount) => number): number =>
    accounts.reduce((total, account) => total + of(account), 0);
  const lost = sum((account) => account.lost.reduce((total, { count }) => total + count, 0));
  expect(events.length + lost + sum(({ unwanted }) => unwanted)).toBe(sum(({ produced }) => produced));
};

describe('the time between two packings', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('counts from the opening, so that what comes late in it waits the less, and wakes nobody while nothing waits', async () => {
    const stream = open({ flushEveryMs: 250 });
    connect(stream);
    const atRest = vi.getTimerCount();
    const source = stream.open('activity');
    vi.advanceTimersByTime(700);
    source.tell('process', exec(1));
    source.tell('process', exec(2));
    vi.advanceTimersByTime(49);
    expect([vi.getTimerCount(), receive(stream).events.length]).toEqual([atRest + 1, 0]);
    vi.advanceTimersByTime(1);
    expect([vi.getTimerCount(), receive(stream).events.length]).toEqual([atRest, 2]);
    source.account(2);
    vi.advanceTimersByTime(250);
    expect([vi.getTimerCount(), receive(stream).accounts.length]).toEqual([atRest, 1]);
    await stream.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the telemetry stream', () => {
  it('carries events in order with the account of their span behind them', () => {
    const stream = open();
    const source = stream.open('activity');
    for (let pid = 1; pid <= 1000; pid += 1) source.tell('process', exec(pid));
    source.unwanted(5);
    source.account(1005);
    stream.flush();
    connect(stream);
    const received = receive(stream);
    expect(received.events.map((event) => event['process.pid'])).toEqual(
      Array.from({ length: 1000 }, (_, at) => at + 1),
    );
    expect(received.accounts).toMatchObject([
      { collector: 'activity', produced: 1005, told: 1000, unwanted: 5, lost: [] },
    ]);
    expectBalance(received);
  });

  it('keeps frames within their limits, however badly events shrink', () => {
    const stream = open();
    const source = stream.open('activity');
    const noise = (seed: number): string =>
      Array.from({ length: 900 }, (_, at) =>
        ((seed * 7919 + at * 104_729 * (seed + 1)) % 60_466_176).toString(36),
      ).join('');
    for (let pid = 1; pid <= 100; pid += 1) source.tell('process', exec(pid, { 'process.command_line': noise(pid) }));
    source.account(100);
    stream.flush();
    connect(stream);
    const received = receive(stream);
    expect(received.events.length).toBe(100);
    expect(received.frames).toBeGreaterThan(2);
    expectBalance(received);
  });

  it('sheds flows before files and files before all else, and counts each', () => {
    const stream = open({ queueEvents: 100 });
    const source = stream.open('activity');
    for (let time = 0; time < 100; time += 1) source.tell('network', exec(1));
    for (let time = 0; time < 100; time += 1) source.tell('file', exec(2));
    for (let time = 0; time < 100; time += 1) source.tell('process', exec(3));
    source.account(300);
    stream.flush();
    connect(stream);
    const received = receive(stream);
    const of = (pid: number): number => received.events.filter((event) => event['process.pid'] === pid).length;
    expect([of(1), of(2), of(3)]).toEqual([50, 25, 25]);
    expect(received.accounts[0]?.lost.map(({ cause, count }) => [cause, count])).toEqual([
      ['too many network events', 50],
      ['too many file events', 75],
      ['too many process events', 75],
    ]);
    expectBalance(received);
  });

  it('accounts for what a full spool had to drop, and goes on', () => {
    const stream = open({ spoolBytes: 20_000 });
    const source = stream.open('activity');
    for (let round = 0; round < 300; round += 1) {
      for (let pid = 0; pid < 20; pid += 1)
        source.tell(
          'process',
          exec(round * 20 + pid, { 'process.command_line': `${Math.sin(pid + round)}`.repeat(4) }),
        );
      source.account((round + 1) * 20);
      stream.flush();
    }
    stream.flush();
    connect(stream);
    const received = receive(stream);
    expect(received.events.at(-1)?.['process.pid']).toBe(5999);
    expect(received.events.length).toBeLessThan(6000);
    expectBalance(received);
  });

  it('remembers what a full spool dropped over a restart that dropped the word of it too', async () => {
    const fill = async (rounds: number): Promise<TelemetryStream> => {
      const stream = open({ spoolBytes: 20_000 });
      const source = stream.open('activity');
      for (let pid = 1; pid <= rounds; pid += 1) {
        source.tell('process', exec(pid, { 'process.command_line': `${Math.sin(pid)}`.repeat(20) }));
        source.account(pid);
        stream.flush();
        clock.advance(1);
      }
      return stream;
    };
    await (await fill(500)).close();
    const second = await fill(500);
    connect(second);
    const { events, accounts } = receive(second);
    const lost = accounts.findLast(({ collector }) => collector === 'spool')?.lost ?? [];
    expect(events.length + lost.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
  });

  it('sends no more frames than it has credit for, and again what was not acknowledged', () => {
    const stream = open();
    const source = stream.open('activity');
    for (let round = 0; round < 10; round += 1) {
      source.tell('process', exec(round));
      stream.flush();
    }
    connect(stream, 4);
    const first = receive(stream);
    expect(first.frames).toBe(4);
    const acked = first.positions[1] ?? none;
    stream.grant({ epoch: acked.epoch, acked: acked.seq, limit: acked.seq + 4 });
    expect(receive(stream).events.map((event) => event['process.pid'])).toEqual([4, 5]);
    stream.disconnected();
    expect(stream.next()).toBeUndefined();
    stream.resume(acked);
    stream.grant({ epoch: acked.epoch, acked: acked.seq, limit: acked.seq + 100 });
    expect(receive(stream).events.map((event) => event['process.pid'])).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('asks late for what is known of a container', () => {
    let name: string | undefined;
    const stream = open({
      complete: (event) => (name === undefined ? undefined : { ...event, 'container.name': name }),
    });
    stream.open('activity').tell('process', exec(1));
    name = 'web';
    stream.flush();
    connect(stream);
    expect(receive(stream).events[0]?.['container.name']).toBe('web');
  });

  it('leaves out what the policy does not want, loses what is beyond a rate, and accounts for both', () => {
    const containers = new Map<string, { imageName: string; labels: Record<string, string> }>();
    const filter = createEventFilter(
      HostRules.parse([
        { name: 'shop', actions: ['exec'], images: ['shop:*'], keep: 0 },
        { name: 'few ends', actions: ['exit'], keep: 1, perSecond: 2 },
        { name: 'no mounts', actions: ['mount'], keep: 0 },
      ]),
      { containerOf: (id) => containers.get(id), elapsedMs: () => 0 },
    );
    const stream = open({ filter });
    const source = stream.open('activity');
    expect([source.wants('mount'), source.wants('exec')]).toEqual([false, true]);
    for (let pid = 1; pid <= 10; pid += 1) {
      source.tell('process', exec(pid, { 'container.id': 'shop' }));
      source.tell('process', exec(pid, { 'container.id': 'unheard of' }));
      source.tell('process', exec(pid, { 'event.action': 'exit' }));
      source.tell('kernel', exec(pid, { 'event.action': 'mount' }));
    }
    // Known only now, and the account is closed before they are packed.
    containers.set('shop', { imageName: 'shop:1', labels: {} });
    source.account(40);
    source.tell('process', exec(11, { 'container.id': 'unheard of' }));
    source.account(41);
    stream.flush();
    connect(stream);
    const received = receive(stream);
    expect(received.events.length).toBe(13);
    expect(received.accounts.at(-1)).toMatchObject({
      produced: 41,
      told: 13,
      unwanted: 20,
      lost: [{ stage: 'filter', cause: 'rate limit', count: 8 }],
    });
    expectBalance(received);
  });

  it('keeps nothing for a console that takes no events', () => {
    const stream = open();
    const source = stream.open('activity');
    stream.resume(undefined);
    source.tell('process', exec(1));
    source.account(1);
    stream.flush();
    connect(stream);
    expect(receive(stream)).toMatchObject({ events: [], accounts: [{ produced: 1, told: 0, unwanted: 1 }] });
  });

  it('keeps everything over a stop', async () => {
    const stream = open();
    stream.open('activity').tell('process', exec(7));
    await stream.close();
    const again = open();
    connect(again);
    expect(receive(again).events.map((event) => event['process.pid'])).toEqual([7]);
  });
});
