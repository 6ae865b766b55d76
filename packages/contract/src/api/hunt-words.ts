import type { FieldName } from '../telemetry/fields.ts';
import type { HuntEvent } from './hunt.ts';

/**
 * Text of a workload for the eye: what would move the cursor, colour, break a line or turn the direction of writing is shown
 * as its escape (`\x1b`, `\n`, `\u202e`). Everything else stays as it is.
 */
export const visibleText = (text: string): string =>
  text.replace(invisible, (character) => {
    const named = shortEscapes[character];
    if (named !== undefined) return named;
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });

/** C0 and C1 controls, and those of Unicode that separate lines, join, hide or reverse. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const invisible = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A field of an event as one text, not yet made visible; absent when the event does not have it. */
export const textOfField = (event: HuntEvent, name: FieldName): string | undefined => {
  const value = event[name];
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.join(' ') : String(value);
};

/** What happened, in one line: a command line, who talked to whom, a file. Not yet made visible. */
export const whatOf = (event: HuntEvent): string => {
  const text = (name: FieldName): string => textOfField(event, name) ?? '';
  if (text('dns.question.name') !== '') return questionOf(text);
  if (text('parapet.login.evidence') !== '') return signInOf(text);
  if (text('parapet.change.type') !== '') return changeOf(text);
  const from = endOf(text('source.ip'), text('source.port'));
  const to = endOf(text('destination.ip'), text('destination.port'));
  if (from !== '' || to !== '') {
    const ends = to === '' ? from : from === '' ? `→ ${to}` : `${from} → ${to}`;
    return text('event.outcome') === 'failure' ? `${ends}, failed` : ends;
  }
  if (text('file.path') !== '') return [text('file.path'), text('file.target_path')].filter(Boolean).join(' → ');
  const code = text('process.exit_code');
  if (code !== '')
    return [text('process.command_line') || text('process.executable'), `exit code ${code}`].filter(Boolean).join(', ');
  return (
    text('process.command_line') ||
    text('process.args') ||
    text('process.executable') ||
    text('parapet.module.name') ||
    text('message')
  );
};

/** What was asked and what came back. */
const questionOf = (text: (name: FieldName) => string): string => {
  const question = `${text('dns.question.type')} ${text('dns.question.name')}`.trim();
  const code = text('dns.response_code');
  const answer = text('dns.resolved_ip') || (code === 'NOERROR' ? '' : code);
  if (answer !== '') return `${question} → ${answer}`;
  return text('event.outcome') === 'failure' ? `${question}, no answer` : question;
};

/** Who, by what and from where: `root, sshd publickey from 192.0.2.7:50022`, `ann → root, sudo on pts/0: /usr/bin/id`. */
const signInOf = (text: (name: FieldName) => string): string => {
  const who = [text('parapet.login.user.name'), text('user.name')].filter(Boolean).join(' → ');
  const from = endOf(text('source.ip') || text('source.domain'), text('source.port'));
  const how = [
    ...[text('parapet.login.service'), text('parapet.login.method')],
    ...[from && `from ${from}`, text('process.tty.name') && `on ${text('process.tty.name')}`],
  ].filter(Boolean);
  const reason = text('parapet.login.reason');
  const parts = [
    ...[who, how.join(' ')],
    text('event.outcome') === 'failure' ? (reason === '' ? 'refused' : `refused: ${reason}`) : '',
    text('parapet.login.evidence') === 'forged' ? 'forged line' : '',
  ].filter(Boolean);
  const command = text('process.command_line');
  return command === '' ? parts.join(', ') : `${parts.join(', ')}: ${command}`;
};

/** `user ann added: uid 1000, …`, `group sudo changed: gid 27 → gid 27, members ann`, `cron job removed: …`. */
const changeOf = (text: (name: FieldName) => string): string => {
  const subject = text('parapet.change.subject');
  const own = { user: 'user.target.name', password: 'user.target.name', group: 'group.name' } as const;
  const ofFile = ['unit', 'unit link', 'cron script'].includes(subject);
  const named = Object.hasOwn(own, subject) ? text(own[subject as keyof typeof own]) : '';
  const name = ofFile ? text('file.path') : named;
  const what = [subject, name, text('parapet.change.type')].filter(Boolean).join(' ');
  const values = [text('parapet.change.before'), text('parapet.change.after')].filter(Boolean);
  const isSame = values.length === 2 && values[0] === values[1];
  return values.length === 0 || isSame ? what : `${what}: ${values.join(' → ')}`;
};

/** Port 0 is none: a connection that failed before it was given one. */
const endOf = (address: string, port: string): string => {
  const hasPort = port !== '' && port !== '0';
  if (address === '') return hasPort ? `port ${port}` : '';
  return hasPort ? endpoint(address, port) : address;
};

/** An address with a port, IPv6 in brackets. */
export const endpoint = (address: string, port: number | string): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Microseconds since the Unix epoch as ISO 8601 in UTC, to the microsecond. */
export const formatMicroseconds = (at: number): string => {
  const whole = new Date(Math.floor(at / 1000)).toISOString();
  return `${whole.slice(0, -1)}${String(at % 1000).padStart(3, '0')}Z`;
};
