import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Collected, createCollected } from '../testing/collected.ts';
import { ContainerLoginState } from './container-login-state.ts';
import { createContainerLogins } from './container-logins.ts';
import { createLoginTeller } from './login-teller.ts';
import { createFakeContainers } from './testing/fake-containers.ts';
import { utmpRecord } from './testing/utmp-record.ts';
import { utmpLayouts } from './utmp-records.ts';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'container-logins-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const layout = utmpLayouts.x64;
const always = { writtenMs: 0, quietMs: 0, youngMs: 0, graceMs: 0, turnMs: Number.POSITIVE_INFINITY, restFactor: 0 };
const hourMs = 3_600_000;

/** A run of the sensor; `running`: those that were there before it. */
const begin = (
  kept?: ContainerLoginState,
  running: (fake: ReturnType<typeof createFakeContainers>) => void = () => {},
) => {
  const collected = createCollected();
  const { context, workloads, telemetry } = collected;
  const fake = createFakeContainers(folder, workloads);
  running(fake);
  const source = context.telemetry.open('logins');
  const teller = createLoginTeller(source, systemClock);
  const logins = createContainerLogins({
    context: { ...context, procPath: fake.procPath },
    ...{ rootPath: '/', layout, teller, kept, paces: always },
    isWanted: (id) => source.wantsIn('login', id),
  });
  return {
    ...{ collected, fake, logins, telemetry },
    account: () => {
      source.account(teller.produced());
      return telemetry.accounts.at(-1);
    },
    end: () => {
      const state = ContainerLoginState.parse(JSON.parse(JSON.stringify(logins.state())));
      logins.close();
      return state;
    },
  };
};
const empty: ContainerLoginState = { format: 1, savedAt: Date.now() - hourMs, containers: {} };

const told = ({ telemetry }: Collected): string[] =>
  telemetry.events.map((event) =>
    [event['parapet.source'], event['event.action'], event['event.outcome'], event['user.name'], event['source.ip']]
      .filter((word) => word !== undefined)
      .join(' '),
  );
const accepted = (user: string, at = new Date()): string =>
  `${at.toISOString()} box sshd[7]: Accepted password for ${user} from 192.0.2.7 port 5 ssh2\n`;
const record = (user: string, at = Date.now()): Buffer =>
  utmpRecord(layout, { type: 7, line: 'pts/0', user, pid: 9, seconds: Math.floor(at / 1000) });

describe('logins inside containers', () => {
  it('are told by the container’s files, with its id, as what it says itself, and go on through rotation', () => {
    const { collected, fake, logins, account } = begin(empty);
    const root = fake.start('box');
    const log = join(root, 'var/log/auth.log');
    logins.turn();
    expect(logins.status()).toEqual({ followed: 0, beyond: 0 });
    writeFileSync(join(root, 'var/log/wtmp'), record('ann'));
    writeFileSync(log, accepted('ann'));
    logins.turn();
    appendFileSync(log, `${accepted('bob')}${accepted('cut').slice(0, 40)}`);
    logins.turn();
    appendFileSync(log, accepted('cut').slice(40));
    renameSync(log, `${log}.1`);
    writeFileSync(log, accepted('next'));
    logins.turn();
    logins.turn();
    expect(told(collected)).toEqual([
      ...['wtmp login success ann', 'auth log login success ann 192.0.2.7', 'auth log login success bob 192.0.2.7'],
      ...['auth log login success cut 192.0.2.7', 'auth log login success next 192.0.2.7'],
    ]);
    for (const event of collected.telemetry.events) {
      expect(event).toMatchObject({ 'container.id': fake.runtimeId('box'), 'parapet.login.evidence': 'container' });
      expect(event).not.toHaveProperty('process.pid');
    }
    expect(logins.status()).toEqual({ followed: 1, beyond: 0 });
    expect(collected.blind).toEqual([]);
    expect(account()).toMatchObject({ produced: 5, told: 5, lost: [] });
  });

  it('are none of what came with the image or was there before the first run', () => {
    const baked = new Date(Date.now() - 30 * 24 * hourMs);
    const { collected, fake, logins } = begin(undefined, ({ start }) => {
      writeFileSync(join(start('older', { startedAt: Date.now() - hourMs }), 'var/log/auth.log'), accepted('before'));
    });
    logins.turn();
    const untouched = join(fake.start('untouched'), 'var/log/wtmp');
    writeFileSync(untouched, record('baked', baked.getTime()));
    utimesSync(untouched, baked, baked);
    const touched = fake.start('touched');
    writeFileSync(join(touched, 'var/log/wtmp'), Buffer.concat([record('baked', baked.getTime()), record('new')]));
    writeFileSync(join(touched, 'var/log/secure'), `${accepted('baked', baked)}${accepted('new')}`);
    logins.turn();
    expect(told(collected)).toEqual(['wtmp login success new', 'auth log login success new 192.0.2.7']);
    appendFileSync(untouched, record('later'));
    appendFileSync(join(folder, 'roots/older/var/log/auth.log'), accepted('later'));
    logins.turn();
    expect(told(collected).slice(2)).toEqual(['auth log login success later 192.0.2.7', 'wtmp login success later']);
    expect(collected.blind).toEqual([]);
  });

  it('are told once over restarts of the sensor and of the container, and none is lost', () => {
    const first = begin(empty);
    const root = first.fake.start('box');
    const log = join(root, 'var/log/auth.log');
    writeFileSync(log, accepted('one'));
    first.logins.turn();
    const kept = first.end();
    appendFileSync(log, accepted('two'));
    const second = begin(kept, ({ start }) => start('box', { startedAt: Date.now() - hourMs }));
    second.logins.turn();
    appendFileSync(log, accepted('three'));
    second.fake.stop('box');
    // Written when nobody could look: its next start has it.
    appendFileSync(log, accepted('four'));
    second.fake.start('box');
    second.logins.turn();
    expect(told(second.collected).map((line) => line.split(' ')[4])).toEqual(['two', 'three', 'four']);
    expect(second.collected.blind).toMatchObject([{ cause: expect.stringContaining('Container box: it ended') }]);
    const third = begin(second.end(), ({ start }) => start('box'));
    third.logins.turn();
    expect(told(third.collected)).toEqual([]);
  });

  it('are read to the end where the runtime still keeps what the container wrote, with no gap', () => {
    const first = begin(empty);
    const root = first.fake.start('box', { isOverlay: true });
    const log = join(root, 'var/log/auth.log');
    writeFileSync(log, accepted('one'));
    first.logins.turn();
    appendFileSync(log, accepted('two'));
    first.fake.stop('box');
    expect(told(first.collected)).toHaveLength(2);
    first.fake.start('box', { isOverlay: true });
    first.logins.turn();
    const kept = first.end();
    appendFileSync(log, accepted('three'));
    const second = begin(kept);
    second.logins.turn();
    second.logins.turn();
    expect(told(second.collected)).toEqual(['auth log login success three 192.0.2.7']);
    expect(second.collected.blind).toEqual([]);
    const third = begin({ ...kept, containers: { ...kept.containers } });
    rmSync(join(folder, 'roots'), { recursive: true });
    third.logins.turn();
    third.logins.close();
    expect(third.collected.blind).toMatchObject([{ since: kept.savedAt, endedAt: expect.any(Number) }]);
  });

  it('cost and tell nothing where the policy wants none of a container', () => {
    const { collected, fake, logins } = begin(empty);
    const log = join(fake.start('box'), 'var/log/auth.log');
    collected.telemetry.offContainers.add(fake.runtimeId('box'));
    writeFileSync(log, accepted('unwanted'));
    logins.turn();
    collected.telemetry.offContainers.clear();
    logins.turn();
    appendFileSync(log, accepted('wanted'));
    logins.turn();
    expect(told(collected)).toEqual(['auth log login success wanted 192.0.2.7']);
  });

  it('leave a flood of one container within limits, counted, and tell of others', () => {
    const { collected, fake, logins, account } = begin(empty);
    const loud = join(fake.start('loud'), 'var/log/auth.log');
    const quiet = join(fake.start('quiet'), 'var/log/auth.log');
    const repeated = `${new Date().toISOString()} box sshd[7]: message repeated 9999 times: [ Failed password for a from 192.0.2.7 port 5 ssh2]\n`;
    writeFileSync(loud, repeated.repeat(1000));
    writeFileSync(quiet, accepted('ann'));
    logins.turn();
    const { produced = 0, told: count = 0, lost = [] } = account() ?? {};
    expect(produced).toBe(9_999_001);
    expect(produced).toBe(count + (lost[0]?.count ?? 0));
    expect(lost).toMatchObject([{ stage: 'filter', cause: 'too many logins in containers' }]);
    expect(told(collected)).toContain('auth log login success ann 192.0.2.7');
    expect(lost[0]?.count).toBeGreaterThan(9_000_000);
  });

  it('are not read through what a container put in the place of its files', () => {
    const { collected, fake, logins } = begin(empty);
    const outside = join(folder, 'outside.log');
    writeFileSync(outside, accepted('outside'));
    const root = fake.start('hostile');
    const at = (path: string): string => join(root, 'var/log', path);
    symlinkSync(outside, at('auth.log'));
    symlinkSync('../../../../outside.log', at('secure'));
    spawnSync('mkfifo', [at('wtmp')]);
    mkdirSync(at('btmp'));
    symlinkSync('/proc/self/environ', at('messages'));
    fake.start('host', { isHost: true });
    for (let times = 0; times < 5; times += 1) logins.turn();
    expect(told(collected)).toEqual([]);
    expect(logins.status()).toEqual({ followed: 0, beyond: 0 });
    expect(collected.blind).toEqual([]);
  });

  it('take bounded time and memory of files that are sparse, garbage, cut and replaced at every look', () => {
    const { collected, fake, logins, account } = begin(empty);
    const root = fake.start('hostile');
    const log = join(root, 'var/log/auth.log');
    const wtmp = join(root, 'var/log/wtmp');
    writeFileSync(wtmp, '');
    truncateSync(wtmp, 2 ** 40);
    writeFileSync(log, '');
    truncateSync(log, 2 ** 40);
    logins.turn();
    appendFileSync(log, `\n${accepted('behind it all')}`);
    logins.turn();
    expect(told(collected)).toEqual(['auth log login success behind it all 192.0.2.7']);
    for (let times = 0; times < 60; times += 1) {
      rmSync(log);
      writeFileSync(log, `${times}${'x'.repeat(times)}\n`);
      writeFileSync(wtmp, Buffer.alloc(384 * 8, times + 16));
      logins.turn();
    }
    expect(account()?.lost).toMatchObject([{ stage: 'reader', cause: 'unreadable in a container' }]);
    logins.close();
    // Many looks, one span.
    expect(collected.blind.length).toBeLessThanOrEqual(3);
    expect(collected.blind.every(({ endedAt }) => endedAt !== undefined)).toBe(true);
  });
});
