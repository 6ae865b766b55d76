import { createHash } from 'node:crypto';
import { maskArguments, maskText } from '../../masking/mask-arguments.ts';
import { type AccountEntry, markOf, maxShown } from './account-entry.ts';

const maxLines = 2000;
const maxLine = 4096;

/** Lines of sudoers(5), those that go on in the next one joined. */
export const readSudoers = (text: string): readonly AccountEntry[] =>
  linesOf(text.replace(/[ \t]{0,64}\\\n[ \t]{0,64}/g, ' '), (line) => !/^#(?!include|\d)/.test(line)).map((line) => ({
    subject: 'sudo rule',
    name: markOf(line),
    mark: '',
    shown: maskText(line).slice(0, maxShown),
  }));

/** Lines of crontab(5); `owner` of a user’s own, else the sixth field names whom a job runs as. */
export const readCrontab = (text: string, owner: string | undefined): readonly AccountEntry[] =>
  linesOf(text, (line) => !line.startsWith('#')).map((line) => ({
    subject: 'cron job',
    name: markOf(line),
    mark: '',
    shown: maskLine(line).slice(0, maxShown),
    user: owner ?? jobUser(line),
  }));

/** A script that cron runs by its folder. */
export const readScript = (name: string, content: Buffer): AccountEntry => ({
  subject: 'cron script',
  name,
  mark: sha256Of(content),
  shown: `${content.length} bytes`,
});

/** A unit of systemd: what of it says what runs, when, and as whom. */
export const readUnit = (name: string, content: Buffer): AccountEntry => {
  const telling = linesOf(content.toString('utf8'), (line) => tellingKeys.test(line));
  return {
    subject: 'unit',
    name,
    mark: sha256Of(content),
    shown: telling.slice(0, 16).map(maskLine).join('; ').slice(0, maxShown),
    user: telling.find((line) => line.startsWith('User='))?.slice('User='.length),
  };
};

/** What switches a unit on is a link to it. */
export const readLink = (name: string, target: string): AccountEntry => ({
  subject: 'unit link',
  name,
  mark: markOf(target),
  shown: `→ ${target}`.slice(0, maxShown),
});

const tellingKeys = /^(?:Exec\w{1,32}|On\w{1,32}|User|Unit|Environment|WantedBy|ListenStream|PathExists|PathChanged)=/;

const maskLine = (line: string): string => maskArguments(line.split(/[ \t]+/, 1000)).join(' ');

/** `@reboot user command`, `* * * * * user command`; a line that sets a variable names nobody. */
const jobUser = (line: string): string | undefined =>
  /^(?:@\w{1,16}|(?:\S{1,128}[ \t]{1,32}){4}\S{1,128})[ \t]{1,32}([A-Za-z_][\w.-]{0,63})[ \t]/.exec(line)?.[1];

const linesOf = (text: string, isWanted: (line: string) => boolean): readonly string[] =>
  text
    .split('\n', maxLines)
    .map((line) => line.trim().slice(0, maxLine))
    .filter((line) => line !== '' && isWanted(line));

const sha256Of = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
