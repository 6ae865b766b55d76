import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStateFile } from '../../state/state-files.ts';
import { type Collected, createCollected } from '../testing/collected.ts';
import { ContainerLoginState } from './container-login-state.ts';
import { type LoginCollectorDeps, startLoginCollector } from './login-collector.ts';
import { LoginState } from './login-state.ts';
import { utmpRecord } from './testing/utmp-record.ts';
import { utmpLayouts } from './utmp-records.ts';

const patience = { timeout: 90_000, interval: 20 };
const layout = utmpLayouts.x64;
let rootPath = '';
let stateDir = '';
const at = (path: string): string => join(rootPath, path);

beforeEach(() => {
  rootPath = mkdtempSync(join(tmpdir(), 'logins-'));
  stateDir = at('state');
  for (const folder of ['etc', 'var/log', 'state']) mkdirSync(at(folder), { recursive: true });
  writeFileSync(at('etc/passwd'), 'root:x:0:0::/root:/bin/sh\nAnn!:x:1000:1000::/home/ann:/bin/sh\n');
});
afterEach(() => rmSync(rootPath, { recursive: true, force: true }));

const start = async (more: Partial<LoginCollectorDeps> = {}) => {
  const collected = createCollected();
  const file = createStateFile(stateDir, 'logins.json', LoginState);
  const containersFile = createStateFile(stateDir, 'container-logins.json', ContainerLoginState);
  const running = await startLoginCollector(
    { rootPath, file, containersFile, architecture: 'x64', everyMs: 20, ...more },
    collected.context,
  );
  return { collected, running };
};
const told = ({ telemetry }: Collected): string[] => telemetry.events.map(lineOf);
const lineOf = (event: TelemetryEvent): string =>
  [
    ...[event['parapet.source'], event['event.action'], event['event.outcome'], event['user.name']],
    ...[event['source.ip'], event['process.tty.name'], event['parapet.login.service']],
  ]
    .filter((word) => word !== undefined)
    .join(' ');
const expectWhole = ({ telemetry }: Collected): void => {
  const account = telemetry.accounts.at(-1);
  const lost = account?.lost.reduce((sum, { count }) => sum + count, 0) ?? 0;
  expect(account?.told).toBe(telemetry.events.length);
  expect(account?.produced).toBe(telemetry.events.length + lost + (account?.unwanted ?? 0));
};
const authLine = (message: string): string => `${new Date().toISOString()} box sshd[77]: ${message}\n`;

describe('the logins collector', () => {
  it('tells who came and went by the records, and names who goes though he came before our time', async () => {
    const ann = { line: 'pts/0', user: 'ann', host: '192.0.2.7', pid: 5, address: [192, 0, 2, 7] };
    writeFileSync(at('var/log/wtmp'), utmpRecord(layout, { type: 7, ...ann, seconds: 1_795_860_000 }));
    writeFileSync(at('var/log/btmp'), '');
    const { collected, running } = await start();
    appendFileSync(
      at('var/log/wtmp'),
      Buffer.concat([
        utmpRecord(layout, { type: 8, line: 'pts/0', pid: 5, seconds: 1_795_860_060 }),
        utmpRecord(layout, { type: 6, line: 'tty1', user: 'LOGIN' }),
        utmpRecord(layout, { type: 7, line: 'tty1', user: 'root', pid: 9 }),
      ]),
    );
    appendFileSync(
      at('var/log/btmp'),
      utmpRecord(layout, { type: 6, line: 'ssh:notty', user: 'Tr0ub4dor&3', host: '192.0.2.9' }),
    );
    await vi.waitFor(() => expect(told(collected)).toHaveLength(3), patience);
    await running.stop();
    expect(told(collected)).toEqual([
      'wtmp logout ann 192.0.2.7 pts/0',
      'wtmp login success root tty1',
      'btmp login failure **** 192.0.2.9 sshd',
    ]);
    expect(collected.telemetry.events[0]).toMatchObject({
      ...{ 'event.duration': 60_000_000_000, 'process.pid': 5, 'parapet.login.evidence': 'record' },
    });
    expect(collected.statuses.at(-1)).toMatchObject({ state: 'degraded', reason: expect.stringContaining('no log') });
    expectWhole(collected);
  });

  it('reads the log with secrets masked, as what any user may have written', async () => {
    writeFileSync(at('var/log/auth.log'), authLine('Accepted password for before from 192.0.2.1 port 1 ssh2'));
    const { collected, running } = await start();
    appendFileSync(
      at('var/log/auth.log'),
      [
        authLine(
          'Accepted publickey for root from 192.0.2.7 port 5 ssh2: RSA SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        ),
        `${new Date().toISOString()} box sudo: ann : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/usr/bin/mysql -phunter2 --token=abcdef123456\n`,
        authLine('Failed password for invalid user S3cret!pass from 192.0.2.7 port 6 ssh2'),
        authLine('Failed password for Ann! from 192.0.2.7 port 6 ssh2'),
        `${'x'.repeat(1_000_000)}\n\u0000\u001b[2J\n`,
        `9999-01-01T00:00:00Z box su: (to root) ann on pts/0\n`,
      ].join(''),
    );
    await vi.waitFor(() => expect(told(collected)).toHaveLength(5), patience);
    await running.stop();
    expect(told(collected)).toEqual([
      'auth log login success root 192.0.2.7 sshd',
      'auth log login success root pts/0 sudo',
      'auth log login failure **** 192.0.2.7 sshd',
      'auth log login failure Ann! 192.0.2.7 sshd',
      'auth log login success root pts/0 su',
    ]);
    const [first, second, , , last] = collected.telemetry.events;
    expect(first).toMatchObject({ 'parapet.login.evidence': 'text', 'parapet.login.method': 'publickey' });
    expect(first).not.toHaveProperty('process.pid');
    expect(second).toMatchObject({
      ...{ 'parapet.login.user.name': 'ann', 'process.working_directory': '/srv' },
      'process.command_line': '/usr/bin/mysql -p**** --token=****',
    });
    expect(last?.['@timestamp']).toBeLessThanOrEqual(Date.now() * 1000);
    expectWhole(collected);
  });

  it('goes on where it was after a stop, through a rotation, with nothing twice', async () => {
    writeFileSync(at('var/log/auth.log'), '');
    const first = await start();
    appendFileSync(at('var/log/auth.log'), authLine('Accepted password for one from 192.0.2.1 port 1 ssh2'));
    await first.running.stop();
    expect(told(first.collected)).toHaveLength(1);
    appendFileSync(at('var/log/auth.log'), authLine('Accepted password for two from 192.0.2.1 port 1 ssh2'));
    renameSync(at('var/log/auth.log'), at('var/log/auth.log.1'));
    writeFileSync(at('var/log/auth.log'), authLine('Accepted password for three from 192.0.2.1 port 1 ssh2'));
    const second = await start();
    await vi.waitFor(() => expect(told(second.collected)).toHaveLength(2), patience);
    await second.running.stop();
    expect(told(second.collected)).toEqual([expect.stringContaining('two'), expect.stringContaining('three')]);
    expect(second.collected.blind).toEqual([]);
    rmSync(at('var/log/auth.log.1'));
    writeFileSync(at('var/log/new'), authLine('Accepted password for four from 192.0.2.1 port 1 ssh2'));
    renameSync(at('var/log/new'), at('var/log/auth.log'));
    const third = await start();
    await vi.waitFor(() => expect(told(third.collected)).toHaveLength(1), patience);
    await third.running.stop();
    expect(third.collected.blind).toMatchObject([{ cause: expect.stringContaining('replaced') }]);
  });

  it('counts failures beyond a rate, and those that a policy does not want', async () => {
    writeFileSync(at('var/log/auth.log'), '');
    const { collected, running } = await start();
    collected.telemetry.off.add('logout');
    appendFileSync(
      at('var/log/auth.log'),
      authLine('Failed password for root from 192.0.2.66 port 6 ssh2').repeat(3000) +
        authLine('Failed password for root from 192.0.2.7 port 6 ssh2') +
        authLine('pam_unix(sshd:session): session closed for user ann'),
    );
    await vi.waitFor(() => expect(told(collected).at(-1)).toContain('192.0.2.7'), patience);
    await running.stop();
    const account = collected.telemetry.accounts.at(-1);
    expect(account).toMatchObject({ produced: 3002, unwanted: 1 });
    expect(account?.lost).toEqual([{ stage: 'filter', cause: 'too many failed logins', count: expect.any(Number) }]);
    expectWhole(collected);
  });

  it('follows the journal where there is no log, and believes what journald says of the writer', async () => {
    const entry = (cursor: string, program: string, uid: string, message: unknown): string =>
      JSON.stringify({
        ...{ __CURSOR: cursor, __REALTIME_TIMESTAMP: '1795860000000042', _PID: '40', _UID: uid },
        ...{ SYSLOG_IDENTIFIER: program, MESSAGE: message },
      });
    const accepted = 'Accepted password for root from 192.0.2.7 port 5 ssh2';
    const program = at('journalctl');
    const playing = (...lines: readonly string[]): void => {
      const quoted = lines.map((line) => `'${line.replaceAll("'", "'\\''")}'`).join(' ');
      writeFileSync(program, `#!/bin/sh\necho "$@" >> ${at('asked')}\nprintf '%s\\n' ${quoted}\nexec sleep 1000\n`);
      chmodSync(program, 0o755);
    };
    playing(
      entry('s=1', 'sshd', '0', accepted),
      entry('s=2', 'sshd', '1000', accepted),
      entry('s=3', 'sshd', '0', null),
      'no JSON',
      entry('s=4', 'su', '1000', [...Buffer.from('(to root) ann on pts/0')]),
    );
    const first = await start({ journalctl: [program] });
    await vi.waitFor(() => expect(told(first.collected)).toHaveLength(3), patience);
    await first.running.stop();
    expect(first.collected.telemetry.accounts.at(-1)?.lost).toMatchObject([{ stage: 'reader', cause: 'unreadable' }]);
    expect(first.collected.telemetry.events).toMatchObject([
      { 'parapet.login.evidence': 'journal', 'event.outcome': 'success', 'process.pid': 40 },
      { 'parapet.login.evidence': 'forged' },
      { 'parapet.login.evidence': 'text', 'user.name': 'root', 'parapet.login.user.name': 'ann' },
    ]);
    expect(first.collected.telemetry.events[1]).not.toHaveProperty('event.outcome');
    expectWhole(first.collected);

    playing(entry('s=3', 'sshd', '0', 'seen'), entry('s=5', 'sshd', '0', accepted));
    const second = await start({ journalctl: [program] });
    await vi.waitFor(() => expect(told(second.collected)).toHaveLength(1), patience);
    await second.running.stop();
    expect(second.collected.blind).toMatchObject([{ cause: expect.stringContaining('gone') }]);
  });
});
