import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { hexOf } from '../random.ts';
import { inventedSource, type Program } from './program.ts';
import type { Scene, Stage } from './stage.ts';

const people = ['ann', 'ben', 'cho', 'dee'] as const;

type Command = Pick<Program, 'executable' | 'arguments'> & { readonly asRoot?: true };

const commands: readonly Command[] = [
  { executable: '/usr/bin/ls', arguments: ['ls', '-la', '/var/log'] },
  { executable: '/usr/bin/journalctl', arguments: ['journalctl', '-u', 'docker', '--since', '-1h'] },
  { executable: '/usr/bin/df', arguments: ['df', '-h'] },
  { executable: '/usr/bin/top', arguments: ['top', '-b', '-n', '1'] },
  { executable: '/usr/bin/docker', arguments: ['docker', 'ps'], asRoot: true },
  { executable: '/usr/bin/systemctl', arguments: ['systemctl', 'status', 'docker'], asRoot: true },
];

/** Somebody signs in over SSH, looks around, becomes root now and then, and leaves. */
export const playSession: Scene = (stage, atMs) => {
  const { random, host } = stage;
  const sshd = stage.daemon('/usr/sbin/sshd');
  if (sshd === undefined) return;
  const number = random.int(people.length);
  const user = people[number] ?? 'ann';
  const address = host.address.replace(/\d+$/, String(200 + number));
  const about = { 'user.name': user, 'source.ip': address, 'parapet.login.service': 'sshd' } as const;
  stage.tell({
    ...login(stage, atMs, 'success'),
    ...{ ...about, 'source.port': 32_768 + random.int(28_000), 'process.pid': sshd.pid },
    ...{ 'parapet.login.method': 'publickey', 'parapet.login.key': `SHA256:${hexOf(43, 'key', user)}` },
  });
  const folder = `/home/${user}`;
  const shell = stage.start(atMs + 40, sshd, {
    ...{ executable: '/bin/bash', arguments: ['-bash'], uid: 1000 + number, user, terminal: 'pts/0', folder },
  });
  let now = atMs + 400;
  for (let count = 2 + random.int(4); count > 0; count -= 1) {
    now += Math.round(random.between(3, 40) * 1000);
    const command = random.pick(commands);
    stage.at(now, (moment) => run(stage, moment, shell, user, command));
  }
  stage.at(now + Math.round(random.between(2, 60) * 1000), (moment) => {
    stage.end(moment, shell);
    stage.tell({
      ...{ '@timestamp': stage.atUs(moment + 5), 'event.action': 'logout', ...inJournal },
      ...{ ...about, 'event.duration': (moment - atMs) * 1_000_000, 'process.tty.name': 'pts/0' },
    });
  });
};

const run = (stage: Stage, atMs: number, shell: Program, user: string, command: Command): void => {
  const lastsMs = 20 + stage.random.int(900);
  if (command.asRoot === undefined) {
    const program = stage.start(atMs, shell, command);
    stage.at(atMs + lastsMs, (now) => stage.end(now, program));
    return;
  }
  const root = { uid: 0, user: 'root' } as const;
  const sudo = stage.start(atMs, shell, {
    ...{ executable: '/usr/bin/sudo', arguments: ['sudo', ...command.arguments], ...root },
  });
  stage.tell({
    ...login(stage, atMs + 5, 'success'),
    ...{ 'user.name': 'root', 'parapet.login.user.name': user, 'parapet.login.service': 'sudo' },
    ...{ 'process.command_line': command.arguments.join(' '), 'process.tty.name': 'pts/0' },
  });
  const program = stage.start(atMs + 9, sudo, { ...command, ...root });
  stage.at(atMs + 9 + lastsMs, (now) => {
    stage.end(now, program);
    stage.end(now + 1, sudo);
  });
};

/** Somebody outside guesses. The addresses are kept for documentation (RFC 5737). */
export const playGuess: Scene = (stage, atMs) => {
  const { random } = stage;
  const user = random.pick(['root', 'admin', 'test', 'oracle', 'git', 'ubuntu']);
  stage.tell({
    ...login(stage, atMs, 'failure'),
    ...{ 'user.name': user, 'parapet.login.service': 'sshd', 'parapet.login.method': 'password' },
    ...{ 'source.ip': `198.51.100.${1 + random.int(250)}`, 'source.port': 32_768 + random.int(28_000) },
    ...(user === 'root' ? {} : { 'parapet.login.reason': 'invalid user' }),
  });
};

const login = (stage: Stage, atMs: number, outcome: 'success' | 'failure'): TelemetryEvent => ({
  ...{ '@timestamp': stage.atUs(atMs), 'event.action': 'login', 'event.outcome': outcome },
  ...inJournal,
});

/** Where a real host's sensor reads them. */
const inJournal = { 'parapet.source': inventedSource, 'parapet.login.evidence': 'journal' } as const;
