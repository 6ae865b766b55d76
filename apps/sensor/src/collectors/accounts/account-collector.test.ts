import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStateFile } from '../../state/state-files.ts';
import { createFileNews, type FileNews } from '../file-news.ts';
import { type Collected, createCollected } from '../testing/collected.ts';
import { startAccountCollector } from './account-collector.ts';
import { AccountState } from './account-state.ts';

const patience = { timeout: 90_000, interval: 20 };
let rootPath = '';
let stateDir = '';
const at = (path: string): string => join(rootPath, path);
const write = (path: string, text: string): void => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
};
/** As programs do it that change these files. */
const replace = (path: string, text: string): void => {
  write(`${path}+`, text);
  renameSync(at(`${path}+`), at(path));
};

const passwd = 'root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n';
const secretHash = '$y$j9T$abcdefghijklmnop$ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg';

beforeEach(() => {
  rootPath = mkdtempSync(join(tmpdir(), 'accounts-'));
  stateDir = at('state');
  mkdirSync(stateDir);
  write('etc/passwd', passwd);
  write('etc/shadow', `root:*:1::::::\nann:${secretHash}:1::::::\n`);
  write('etc/group', 'root:x:0:\nsudo:x:27:\n');
});
afterEach(() => rmSync(rootPath, { recursive: true, force: true }));

const start = async (news: FileNews = createFileNews(), everyMs = 1_000_000) => {
  const collected = createCollected();
  const file = createStateFile(stateDir, 'accounts.json', AccountState);
  const running = await startAccountCollector({ rootPath, file, news, everyMs }, collected.context);
  return { collected, running };
};
const told = ({ telemetry }: Collected): string[] => telemetry.events.map(lineOf).sort();
const lineOf = (event: TelemetryEvent): string =>
  [
    ...[event['event.action'], event['parapet.change.subject'], event['user.target.name'] ?? event['group.name']],
    ...[event['parapet.change.type'], event['file.path'], event['parapet.change.before']],
    event['parapet.change.after'] === undefined ? undefined : `-> ${event['parapet.change.after']}`,
  ]
    .filter((word) => word !== undefined)
    .join(' ');
const expectWhole = ({ telemetry }: Collected): void => {
  const account = telemetry.accounts.at(-1);
  expect(account?.told).toBe(telemetry.events.length);
  expect(account?.produced).toBe(telemetry.events.length + (account?.unwanted ?? 0));
};

describe('the accounts collector', () => {
  it('tells what changed of users, groups and rules, and nothing of a password but that it changed', async () => {
    const { collected, running } = await start();
    replace('etc/passwd', `${passwd.replace('/bin/sh', '/bin/bash')}eve:x:0:0::/root:/bin/sh\nnoname\n::::::\n`);
    replace('etc/shadow', `root:*:1::::::\nann:${secretHash}X:1::::::\neve::1::::::\n`);
    replace('etc/group', 'root:x:0:\nsudo:x:27:ann,eve\n');
    write('etc/sudoers.d/eve', '# comment\neve ALL=(ALL) \\\n  NOPASSWD: ALL\n');
    write('etc/sudoers.d/eve.bak', 'passed over by sudo\n');
    await running.stop();
    expect(told(collected)).toEqual([
      'user-change group sudo changed /etc/group gid 27 -> gid 27, members ann eve',
      'user-change password ann changed /etc/shadow set -> set',
      'user-change password eve added /etc/shadow -> none is needed',
      'user-change sudo rule added /etc/sudoers.d/eve -> eve ALL=(ALL) NOPASSWD: ALL',
      'user-change user ann changed /etc/passwd uid 1000, group 1000, home /home/ann, shell /bin/sh -> uid 1000, group 1000, home /home/ann, shell /bin/bash',
      'user-change user eve added /etc/passwd -> uid 0, group 0, home /root, shell /bin/sh',
    ]);
    expect(collected.telemetry.events.find((event) => event['user.target.name'] === 'eve')).toMatchObject({
      ...{ 'user.target.id': 0, 'parapet.source': 'comparison' },
    });
    expect(readFileSync(join(stateDir, 'accounts.json'), 'utf8')).not.toContain(secretHash.slice(0, 12));
    expect(JSON.stringify(collected.telemetry.events)).not.toContain(secretHash.slice(0, 12));
    expectWhole(collected);
  });

  it('tells what runs by itself from now on, with secrets masked', async () => {
    write('etc/crontab', 'SHELL=/bin/sh\n17 * * * * root run-parts /etc/cron.hourly\n');
    write('etc/systemd/system/web.service', '[Service]\nExecStart=/opt/web\n');
    write('etc/cron.daily/clean', '#!/bin/sh\n');
    const { collected, running } = await start();
    appendFileSync(at('etc/crontab'), '*/5 * * * * eve curl -u me:hunter2 https://x.example?token=abc123\n');
    write('var/spool/cron/crontabs/ann', '@reboot /home/ann/miner --wallet-secret=zzz999\n');
    write('etc/systemd/system/web.service', '[Service]\nExecStart=/tmp/web --password=abc\nUser=eve\n# note\n');
    mkdirSync(at('etc/systemd/system/multi-user.target.wants'));
    symlinkSync('/etc/systemd/system/web.service', at('etc/systemd/system/multi-user.target.wants/web.service'));
    rmSync(at('etc/cron.daily/clean'));
    await running.stop();
    expect(told(collected)).toEqual([
      'cron-change cron job ann added /var/spool/cron/crontabs/ann -> @reboot /home/ann/miner --wallet-secret=****',
      'cron-change cron job eve added /etc/crontab -> */5 * * * * eve curl -u me:**** https://x.example?token=****',
      'cron-change cron script removed /etc/cron.daily/clean 10 bytes',
      'cron-change unit eve changed /etc/systemd/system/web.service ExecStart=/opt/web -> ExecStart=/tmp/web --password=****; User=eve',
      'cron-change unit link added /etc/systemd/system/multi-user.target.wants/web.service -> → /etc/systemd/system/web.service',
    ]);
    expect(collected.telemetry.events.find((event) => event['parapet.change.subject'] === 'unit')).toMatchObject({
      'file.hash.sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
      'parapet.file.previous.sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expectWhole(collected);
  });

  it('looks when a file changed, and tells nothing twice', async () => {
    const news = createFileNews();
    const { collected, running } = await start(news);
    replace('etc/group', 'root:x:0:\nsudo:x:27:ann\n');
    news.tell('/etc/hostname');
    news.tell('/etc/group');
    news.record({
      ...{ '@timestamp': Date.now() * 1000, 'event.action': 'file-rename', 'file.target_path': '/etc/group' },
      ...{ 'process.pid': 7, 'process.entity_id': '7:1', 'process.name': 'usermod' },
    });
    await vi.waitFor(() => expect(told(collected)).toHaveLength(1), patience);
    await running.stop();
    expect(told(collected)).toHaveLength(1);
    expect(collected.telemetry.events[0]).not.toHaveProperty('parapet.change.while_away');
    expect(collected.telemetry.events[0]).toMatchObject({
      ...{ 'process.name': 'usermod', 'parapet.change.process': 'file event' },
    });
  });

  it('tells what changed while it did not run, and takes a missing file for no change', async () => {
    const first = await start();
    await first.running.stop();
    expect(told(first.collected)).toEqual([]);
    appendFileSync(at('etc/passwd'), 'eve:x:0:0::/root:/bin/sh\n');
    rmSync(at('etc/shadow'));
    const second = await start();
    await second.running.stop();
    expect(second.collected.telemetry.events).toMatchObject([
      { 'user.target.name': 'eve', 'parapet.change.type': 'added', 'parapet.change.while_away': true },
    ]);
    expect(second.collected.statuses.at(-1)).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('shadow'),
    });
    write('etc/shadow', `root:*:1::::::\nann:${secretHash}Y:1::::::\n`);
    const third = await start();
    await third.running.stop();
    expect(told(third.collected)).toEqual(['user-change password ann changed /etc/shadow set -> set']);
  });

  it('follows no link out, keeps to its limits, and counts what nobody wants', async () => {
    write('secret', '* * * * * root outside\n');
    mkdirSync(at('etc/cron.d'));
    const { collected, running } = await start();
    collected.telemetry.off.add('user-change');
    symlinkSync(join(rootPath, 'secret'), at('etc/cron.d/link'));
    write('etc/cron.d/large', 'x'.repeat(1_100_000));
    write('etc/cron.d/long', `* * * * * root ${'y'.repeat(100_000)}\n`);
    appendFileSync(at('etc/passwd'), 'eve:x:0:0::/root:/bin/sh\n');
    await running.stop();
    expect(collected.telemetry.events).toHaveLength(1);
    expect(collected.telemetry.events[0]?.['parapet.change.after']?.length).toBeLessThanOrEqual(300);
    expect(collected.telemetry.accounts.at(-1)).toMatchObject({ produced: 2, unwanted: 1 });
    expect(collected.statuses.at(-1)?.reason).toContain('/etc/cron.d/large (larger than 1 MiB)');
  });
});
