import { isIP } from 'node:net';
import type { LoginFact } from './login-fact.ts';

/**
 * Reads what programs that let people in say of it. Users choose their names, so what follows a name is looked for from the end: no
 * name can make another address of where it came from.
 */
export type SignInMessages = {
  /** `undefined` for what says nothing of the kind, or says again what was told. */
  readonly read: (program: string, pid: number | undefined, message: string) => LoginFact | undefined;
};

/** Connections whose failed tries were told; the end of such a connection is no further one. */
const defaultFailedConnections = 512;
const maxTimes = 10_000;

export const createSignInMessages = (maxFailedConnections = defaultFailedConnections): SignInMessages => {
  const failed = new Set<number>();
  const noteFailure = (pid: number | undefined): void => {
    if (pid === undefined) return;
    failed.delete(pid);
    failed.add(pid);
    const [oldest] = failed;
    if (failed.size > maxFailedConnections && oldest !== undefined) failed.delete(oldest);
  };
  const readOne = (program: string, pid: number | undefined, message: string): LoginFact | undefined => {
    switch (program) {
      case 'sshd':
      case 'sshd-session':
      case 'sshd-auth':
        return readSshd(message, pid !== undefined && failed.delete(pid) ? 'failed' : 'new');
      case 'sudo':
        return readSudo(message);
      case 'su':
        return readSu(message);
      case 'login':
        return readLogin(message);
      default:
        return displayManagers.test(program) ? readSession(program, message) : undefined;
    }
  };
  return {
    read: (program, pid, message) => {
      // rsyslog: one line instead of many that are the same.
      const [, count, inner] = /^message repeated (\d{1,9}) times: \[ (.*)\]$/s.exec(message) ?? [];
      const fact = readOne(program, pid, inner ?? message);
      if (fact?.service === 'sshd' && fact.outcome === 'failure') noteFailure(pid);
      if (fact === undefined || count === undefined) return fact;
      return { ...fact, times: Math.min(Math.max(1, Number(count)), maxTimes) };
    },
  };
};

/** Programs that open sessions at a screen, and say so through PAM alone. */
const displayManagers = /^(?:gdm|lightdm|sddm|xdm|lxdm|xrdp|cockpit)/;

const readSshd = (message: string, connection: 'new' | 'failed'): LoginFact | undefined => {
  const accepted =
    /^Accepted (\S{1,64}) for (.{0,256}) from (\S{1,255}) port (\d{1,5})(?: ssh\d?)?(?:: (.{1,512}))?$/.exec(message);
  if (accepted !== null) {
    const [, method, user, from = '', port, key] = accepted;
    return { ...sshd('success'), method, user, ...origin(from), port: Number(port), key: fingerprintIn(key) };
  }
  const refused =
    /^Failed (\S{1,64}) for (?:invalid user )?(.{0,256}) from (\S{1,255}) port (\d{1,5})(?: ssh\d?)?(?:: .{0,512})?$/.exec(
      message,
    );
  if (refused !== null) {
    const [, method, user, from = '', port] = refused;
    // Clients ask so which methods there are.
    if (method === 'none') return undefined;
    return { ...sshd('failure'), method, user, ...origin(from), port: Number(port), reason: 'not accepted' };
  }
  const gone =
    /^(?:Connection (?:closed|reset) by|Disconnected from) (?:authenticating|invalid) user (.{0,256}) (\S{1,255}) port (\d{1,5}) \[preauth\]$/.exec(
      message,
    );
  if (gone !== null) {
    const [, user, from = '', port] = gone;
    if (connection === 'failed') return undefined;
    return { ...sshd('failure'), user, ...origin(from), port: Number(port), reason: 'gave up before it was let in' };
  }
  const session = /^pam_\w{1,32}\(sshd:session\): session closed for user (\S{1,256})$/.exec(message);
  return session === null ? undefined : { action: 'logout', outcome: undefined, service: 'sshd', user: session[1] };
};

const sshd = (outcome: 'success' | 'failure'): LoginFact => ({ action: 'login', outcome, service: 'sshd' });

/** `ED25519 SHA256:…`, perhaps behind the name of a certificate, which its authority chose. */
const fingerprintIn = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : /(?:SHA256:[A-Za-z0-9+/]{20,64}|MD5:[0-9a-f:]{47})/.exec(text)?.[0];

/** `name : [why not ; ]TTY=… ; PWD=… ; USER=… ; COMMAND=…` (sudoers(5), log format). */
const readSudo = (message: string): LoginFact | undefined => {
  const [, by, rest] = /^ {0,16}(\S{1,256}) : (.*)$/s.exec(message) ?? [];
  if (by === undefined || rest === undefined) return undefined;
  const commandAt = rest.indexOf('COMMAND=');
  if (commandAt === -1) return undefined;
  const command = rest.slice(commandAt + 'COMMAND='.length);
  const values = new Map<string, string>();
  const reasons: string[] = [];
  for (const part of rest.slice(0, commandAt).split(' ; ', 16)) {
    const [, name, value] = /^([A-Z]{1,16})=(.*)$/s.exec(part.trim()) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, value);
    else if (part.trim() !== '') reasons.push(part.trim().slice(0, 200));
  }
  return {
    action: 'login',
    outcome: reasons.length === 0 ? 'success' : 'failure',
    service: 'sudo',
    by,
    user: values.get('USER'),
    terminal: knownTerminal(values.get('TTY')),
    folder: values.get('PWD'),
    command,
    reason: reasons.length === 0 ? undefined : reasons.join('; '),
  };
};

/** util-linux: `(to root) ann on pts/0`, before it `FAILED SU ` for those refused; through PAM when they go. */
const readSu = (message: string): LoginFact | undefined => {
  const [, refused, user, by, terminal] =
    /^(FAILED SU )?\(to (.{1,256})\) (\S{1,256}) on (\S{1,64})$/.exec(message) ?? [];
  if (user !== undefined)
    return {
      action: 'login',
      outcome: refused === undefined ? 'success' : 'failure',
      service: 'su',
      ...{ user, by, terminal: knownTerminal(terminal) },
    };
  const [, gone] = /^pam_\w{1,32}\(su(?:-l)?:session\): session closed for user (\S{1,256})$/.exec(message) ?? [];
  return gone === undefined ? undefined : { action: 'logout', outcome: undefined, service: 'su', user: gone };
};

/** util-linux and shadow: `LOGIN ON tty1 BY ann[ FROM host]`, `ROOT LOGIN ON tty1`, `FAILED LOGIN 1 FROM tty1 FOR ann, why`. */
const readLogin = (message: string): LoginFact | undefined => {
  const came = { action: 'login', service: 'login' } as const;
  const [, root, terminal, user, from] =
    /^(ROOT )?LOGIN {1,2}(?:ON|on) '?([^\s']{1,64})'?(?: BY (\S{1,256}))?(?: FROM (\S{1,255}))?$/.exec(message) ?? [];
  if (terminal !== undefined && (root !== undefined || user !== undefined))
    return {
      ...{ ...came, outcome: 'success', user: root === undefined ? user : 'root', terminal: knownTerminal(terminal) },
      ...(from === undefined ? {} : origin(from)),
    };
  const [, place = '', name, reason] =
    /^FAILED LOGIN (?:SESSION )?\(?\d{1,4}\)? (?:FROM|on) '?([^\s']{1,255})'?(?: from '[^']{1,255}')? FOR '?(.{0,256}?)'?, (.{1,200})$/.exec(
      message,
    ) ?? [];
  if (name !== undefined) return { ...came, outcome: 'failure', user: name, terminal: knownTerminal(place), reason };
  return readSession('login', message, ['closed']);
};

const readSession = (
  service: string,
  message: string,
  wanted: readonly string[] = ['opened', 'closed'],
): LoginFact | undefined => {
  const [, what = '', user] =
    /^pam_\w{1,32}\([\w-]{1,64}:session\): session (opened|closed) for user ([^\s(]{1,256})/.exec(message) ?? [];
  if (user === undefined || !wanted.includes(what)) return undefined;
  return what === 'opened'
    ? { action: 'login', outcome: 'success', service, user }
    : { action: 'logout', outcome: undefined, service, user };
};

/** `unknown` and `none` are what programs say when there is none. */
const knownTerminal = (text: string | undefined): string | undefined =>
  text === undefined || text === 'unknown' || text === 'none' ? undefined : text.replace(/^\/dev\//, '');

/** Where somebody came from: an address, maybe with a zone behind it, or a name; a display (`:0`) is neither. */
export const origin = (from: string): Pick<LoginFact, 'address' | 'domain'> => {
  const address = from.replace(/%.*$/, '');
  if (isIP(address) !== 0) return { address };
  return /^[A-Za-z0-9_][\w.-]{0,254}$/.test(from) && from !== 'UNKNOWN' ? { domain: from } : {};
};
