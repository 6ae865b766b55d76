import { describe, expect, it } from 'vitest';
import { createSignInMessages } from './sign-in-messages.ts';

const read = (program: string, message: string, pid = 7) => createSignInMessages().read(program, pid, message);

describe('what programs say of signing in', () => {
  it.each([
    [
      'Accepted publickey for ann from 192.0.2.7 port 50022 ssh2: ED25519 SHA256:abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
      {
        ...{
          action: 'login',
          outcome: 'success',
          method: 'publickey',
          user: 'ann',
          address: '192.0.2.7',
          port: 50_022,
        },
        key: 'SHA256:abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
      },
    ],
    [
      'Accepted password for bob from fe80::1%eth0 port 22 ssh2',
      { outcome: 'success', method: 'password', address: 'fe80::1', key: undefined },
    ],
    [
      'Failed password for invalid user oracle from 2001:db8::5 port 4 ssh2',
      { outcome: 'failure', method: 'password', user: 'oracle', address: '2001:db8::5', port: 4 },
    ],
    // The name was chosen to look like another origin.
    [
      'Failed password for invalid user root from 198.51.100.1 port 22 ssh2: x from 192.0.2.66 port 41 ssh2',
      { user: 'root from 198.51.100.1 port 22 ssh2: x', address: '192.0.2.66', port: 41 },
    ],
    [
      'Connection closed by invalid user admin 192.0.2.7 port 9 [preauth]',
      { outcome: 'failure', user: 'admin', address: '192.0.2.7', reason: 'gave up before it was let in' },
    ],
    ['Connection reset by authenticating user root 192.0.2.7 port 9 [preauth]', { outcome: 'failure', user: 'root' }],
    ['pam_unix(sshd:session): session closed for user ann', { action: 'logout', outcome: undefined, user: 'ann' }],
  ])('sshd: %s', (message, fact) => expect(read('sshd', message)).toMatchObject({ service: 'sshd', ...fact }));

  it.each([
    [
      '     ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/apt install x ; y',
      {
        ...{ outcome: 'success', by: 'ann', user: 'root', terminal: 'pts/0', folder: '/home/ann', reason: undefined },
        command: '/usr/bin/apt install x ; y',
      },
    ],
    [
      'eve : user NOT in sudoers ; TTY=unknown ; PWD=/ ; USER=root ; COMMAND=/bin/sh',
      { outcome: 'failure', by: 'eve', terminal: undefined, reason: 'user NOT in sudoers' },
    ],
    [
      'ann : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/tmp ; USER=root ; ENV=A=b ; COMMAND=/bin/id',
      { outcome: 'failure', reason: '3 incorrect password attempts', command: '/bin/id' },
    ],
  ])('sudo: %s', (message, fact) => expect(read('sudo', message)).toMatchObject({ service: 'sudo', ...fact }));

  it.each([
    ['su', '(to root) ann on pts/2', { outcome: 'success', user: 'root', by: 'ann', terminal: 'pts/2' }],
    ['su', 'FAILED SU (to root) eve on none', { outcome: 'failure', user: 'root', by: 'eve', terminal: undefined }],
    ['su', 'pam_unix(su-l:session): session closed for user root', { action: 'logout', user: 'root' }],
    ['login', "ROOT LOGIN  on '/dev/tty1'", { outcome: 'success', user: 'root', terminal: 'tty1' }],
    ['login', 'LOGIN ON tty2 BY ann FROM box.example', { outcome: 'success', user: 'ann', domain: 'box.example' }],
    [
      'login',
      "FAILED LOGIN (1) on '/dev/tty1' FOR 'ann', Authentication failure",
      { outcome: 'failure', user: 'ann', terminal: 'tty1', reason: 'Authentication failure' },
    ],
    [
      'gdm-password',
      'pam_unix(gdm-password:session): session opened for user ann(uid=1000) by (uid=0)',
      { action: 'login', outcome: 'success', user: 'ann', service: 'gdm-password' },
    ],
  ])('%s: %s', (program, message, fact) => expect(read(program, message)).toMatchObject(fact));

  it.each([
    ['sshd', 'Failed none for invalid user x from 192.0.2.7 port 1 ssh2'],
    ['sshd', 'Server listening on 0.0.0.0 port 22.'],
    ['sshd', 'pam_unix(sshd:session): session opened for user ann(uid=1000) by (uid=0)'],
    ['CRON', 'pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)'],
    ['sudo', 'pam_unix(sudo:session): session opened for user root(uid=0) by ann(uid=1000)'],
    ['logger', 'Accepted password for root from 192.0.2.7 port 1 ssh2'],
    ['sshd', 'Accepted x x x x for y'],
  ])('nothing is read from %s: %s', (program, message) => expect(read(program, message)).toBeUndefined());

  it('tells a connection that gave up after its tries no further time', () => {
    const { read: next } = createSignInMessages();
    expect(next('sshd', 7, 'Failed password for root from 192.0.2.7 port 9 ssh2')).toBeDefined();
    const end = 'Connection closed by authenticating user root 192.0.2.7 port 9 [preauth]';
    expect(next('sshd', 7, end)).toBeUndefined();
    expect(next('sshd', 8, end)).toBeDefined();
  });

  it('counts what a logger wrote once for many', () => {
    const message = 'message repeated 3 times: [ Failed password for root from 192.0.2.7 port 9 ssh2]';
    expect(read('sshd', message)).toMatchObject({ outcome: 'failure', address: '192.0.2.7', times: 3 });
    expect(read('sshd', message.replace('3', '999999999'))?.times).toBe(10_000);
  });

  it('takes no longer than a line is long', () => {
    const hostile = [' from 192.0.2.1 port 22 ssh2'.repeat(280), ' '.repeat(8000), `a : ${' ; '.repeat(2600)}`];
    const began = process.cpuUsage().user;
    for (const text of hostile) for (const program of ['sshd', 'sudo', 'su', 'login']) read(program, text);
    for (const text of hostile) read('sshd', `Failed password for ${text}`);
    expect((process.cpuUsage().user - began) / 1000).toBeLessThan(5000);
  });
});
