import { maxTextLength, type TelemetryEvent } from '@parapet/contract/telemetry';
import { mask, maskArguments, maskText } from '../../masking/mask-arguments.ts';
import type { LoginEvidence, LoginFact } from './login-fact.ts';

export type LoginSource = 'wtmp' | 'btmp' | 'auth log' | 'journal';

export type AboutLogin = {
  readonly source: LoginSource;
  readonly evidence: LoginEvidence;
  readonly atUs: number;
  /** Whether there is a user of this name where it was tried. */
  readonly isUser: (name: string) => boolean;
  /** Runtime’s id of the container whose file says so. */
  readonly container?: string;
};

export const describeLogin = (fact: LoginFact, about: AboutLogin): TelemetryEvent => {
  const { source, evidence, atUs, isUser } = about;
  const event: TelemetryEvent = {
    '@timestamp': atUs,
    'event.action': fact.action,
    'parapet.source': source,
    'parapet.login.evidence': evidence,
  };
  if (fact.outcome !== undefined && evidence !== 'forged') event['event.outcome'] = fact.outcome;
  if (about.container !== undefined) event['container.id'] = about.container;
  // A line of text may name any process, and a container counts its own.
  const namesProcess = evidence === 'record' || evidence === 'journal';
  if (namesProcess && fact.pid !== undefined && fact.pid > 0) event['process.pid'] = fact.pid;
  if (fact.user !== undefined && fact.user !== '') event['user.name'] = shownName(fact, isUser);
  const texts = [
    ['parapet.login.service', fact.service],
    ['parapet.login.method', fact.method],
    ['parapet.login.user.name', fact.by],
    ['parapet.login.key', fact.key],
    ['parapet.login.reason', fact.reason === undefined ? undefined : maskText(fact.reason)],
    ['source.ip', fact.address],
    ['source.domain', fact.domain],
    ['process.tty.name', fact.terminal],
    ['process.working_directory', fact.folder],
    ['process.command_line', fact.command === undefined ? undefined : maskCommand(fact.command)],
  ] as const;
  for (const [name, value] of texts) if (value !== undefined && value !== '') event[name] = text(value);
  if (fact.port !== undefined && fact.port <= 65_535) event['source.port'] = fact.port;
  if (fact.sinceUs !== undefined && atUs >= fact.sinceUs)
    event['event.duration'] = Math.min((atUs - fact.sinceUs) * 1000, Number.MAX_SAFE_INTEGER);
  return event;
};

/**
 * People type their password where a name is asked for, and it lands in these logs. What was refused and looks like no name of a user is
 * hidden, unless there is such a user.
 */
const shownName = ({ user = '', outcome }: LoginFact, isUser: (name: string) => boolean): string =>
  outcome !== 'failure' || looksLikeName.test(user) || isUser(user) ? text(user) : mask;

/** All small, all capital, or only the first one capital. */
const looksLikeName = /^(?:[A-Za-z_]?[a-z0-9_.-]{0,31}\$?|[A-Z0-9_.-]{1,32})$/;

const maskCommand = (command: string): string => maskArguments(command.slice(0, maxTextLength).split(' ')).join(' ');

const text = (value: string): string => value.slice(0, maxTextLength);
