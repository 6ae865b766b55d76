import { expect, test } from 'vitest';
import { formatMicroseconds, visibleText, whatOf } from './hunt-words.ts';

test.each([
  ['\u001b[2Jx', '\\x1b[2Jx'],
  ['a\nb\tc\r', 'a\\nb\\tc\\r'],
  ['\u009b31m', '\\x9b31m'],
  ['exe\u202etxt', 'exe\\u202etxt'],
  ['zero\u200bwidth', 'zero\\u200bwidth'],
  ['naïve 日本 \\n', 'naïve 日本 \\n'],
])('%j is shown as %s', (text, shown) => expect(visibleText(text)).toBe(shown));

test('says what happened in one line', () => {
  expect(whatOf({ 'process.command_line': 'sh -c id' })).toBe('sh -c id');
  const ends = { 'source.ip': '10.0.0.1', 'source.port': 4, 'destination.ip': '2001:db8::1', 'destination.port': 443 };
  expect(whatOf({ ...ends, 'process.command_line': 'curl' })).toBe('10.0.0.1:4 → [2001:db8::1]:443');
  const failed = { ...ends, 'source.port': 0, 'event.outcome': 'failure' };
  expect(whatOf(failed)).toBe('10.0.0.1 → [2001:db8::1]:443, failed');
  expect(whatOf({ ...ends, 'event.outcome': 'success' })).toBe('10.0.0.1:4 → [2001:db8::1]:443');
  const question = { ...ends, 'dns.question.name': 'db.example', 'dns.question.type': 'A' };
  expect(whatOf({ ...question, 'dns.response_code': 'NOERROR', 'dns.resolved_ip': ['10.0.0.7', '10.0.0.8'] })).toBe(
    'A db.example → 10.0.0.7 10.0.0.8',
  );
  expect(whatOf({ ...question, 'dns.response_code': 'NXDOMAIN', 'event.outcome': 'failure' })).toBe(
    'A db.example → NXDOMAIN',
  );
  expect(whatOf({ ...question, 'event.outcome': 'failure' })).toBe('A db.example, no answer');
  const login = { 'parapet.login.evidence': 'text', 'user.name': 'root', 'parapet.login.service': 'sshd' };
  const over = { 'source.ip': '192.0.2.7', 'source.port': 50_022, 'parapet.login.method': 'publickey' };
  expect(whatOf({ ...login, ...over })).toBe('root, sshd publickey from 192.0.2.7:50022');
  expect(whatOf({ ...login, 'event.outcome': 'failure', 'source.domain': 'box.example' })).toBe(
    'root, sshd from box.example, refused',
  );
  const sudo = { 'parapet.login.service': 'sudo', 'parapet.login.user.name': 'ann', 'process.tty.name': 'pts/0' };
  expect(whatOf({ ...login, ...sudo, 'process.command_line': '/usr/bin/id -u' })).toBe(
    'ann → root, sudo on pts/0: /usr/bin/id -u',
  );
  expect(whatOf({ ...login, 'parapet.login.evidence': 'forged' })).toBe('root, sshd, forged line');
  const change = { 'file.path': '/etc/x', 'parapet.change.type': 'changed', 'parapet.change.subject': 'group' };
  const members = { 'parapet.change.before': 'gid 27', 'parapet.change.after': 'gid 27, members ann' };
  expect(whatOf({ ...change, ...members, 'group.name': 'sudo' })).toBe(
    'group sudo changed: gid 27 → gid 27, members ann',
  );
  const password = { 'parapet.change.subject': 'password', 'user.target.name': 'ann' };
  expect(whatOf({ ...change, ...password, 'parapet.change.before': 'set', 'parapet.change.after': 'set' })).toBe(
    'password ann changed',
  );
  const unit = { 'parapet.change.subject': 'unit', 'parapet.change.type': 'added' };
  expect(whatOf({ ...change, ...unit, 'parapet.change.after': 'ExecStart=/x' })).toBe(
    'unit /etc/x added: ExecStart=/x',
  );
  expect(whatOf({ 'process.executable': '/bin/sh', 'process.exit_code': 0 })).toBe('/bin/sh, exit code 0');
  expect(whatOf({ 'process.args': ['a', 'b'] })).toBe('a b');
  expect(whatOf({})).toBe('');
});

test('keeps microseconds', () => expect(formatMicroseconds(1_795_860_000_000_007)).toBe('2026-11-28T10:00:00.000007Z'));
