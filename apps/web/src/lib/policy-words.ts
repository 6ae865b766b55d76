import { type EventKind, eventKinds, type PolicyStanding, type TelemetryRule } from '@parapet/contract/api';
import { formatCount } from './format.ts';
import { scopeWords } from './labels.ts';

export const kindLabels: Readonly<Record<EventKind, string>> = {
  process: 'Processes',
  privilege: 'Rights',
  file: 'Files',
  network: 'Connections',
  dns: 'DNS',
  kernel: 'Kernel',
  container: 'Containers',
  account: 'Accounts',
};

/** All events of a kind; those with one action go by its name. */
const kindWords: Readonly<Record<EventKind, string>> = {
  process: 'process events',
  privilege: 'privilege-change',
  file: 'file events',
  network: 'connection events',
  dns: 'dns-query',
  kernel: 'kernel events',
  container: 'container events',
  account: 'account events',
};

/** What a rule does with what, as a sentence: `Leaves out process events in containers of image registry.example/shop/*.` */
export const ruleWords = (rule: TelemetryRule): string => {
  const parts = [deedWords(rule), actionWords(rule.actions), ...conditionWords(rule)];
  const rate =
    rule.perSecond === undefined || rule.keep === 0
      ? ''
      : ` At most ${formatCount(rule.perSecond)} a second for each workload; what is more is lost and counted.`;
  return `${parts.join(' ')}.${rate}`;
};

/** A share in per cent, not rounded to what is pleasant: a rule says what it does. */
export const percentOf = (share: number): string => String(Number((share * 100).toFixed(4)));

const deedWords = ({ keep }: TelemetryRule): string => {
  if (keep === 0) return 'Leaves out';
  return keep === 1 ? 'Records' : `Of ${percentOf(keep)} % of processes records`;
};

/** Actions by name; a kind whose actions are all there by the kind's. */
export const actionWords = (actions: readonly string[]): string => {
  const words = Object.entries(eventKinds).flatMap(([kind, all]) => {
    const named = all.filter((action) => actions.includes(action));
    return named.length === all.length ? [kindWords[kind as EventKind]] : named;
  });
  return listWords(words, 'and');
};

const conditionWords = (rule: TelemetryRule): readonly string[] => {
  const any = (lead: string, values: readonly string[]): string[] =>
    values.length === 0 ? [] : [`${lead} ${listWords(values, 'or')}`];
  const labels = Object.entries(rule.labels).map(([name, values]) => `${name} = ${values.join(' or ')}`);
  return [
    ...(rule.where === 'host' ? ['of the host itself'] : rule.where === 'containers' ? ['in containers'] : []),
    ...any('of image', rule.images),
    ...any('in namespace', rule.namespaces),
    ...(labels.length === 0 ? [] : [`in containers with ${listWords(labels, 'and')}`]),
    ...any('by', rule.programs),
    ...any('under', rule.paths),
    ...any('with', rule.addresses),
    ...any(
      'at port',
      rule.ports.map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`)),
    ),
    ...(rule.hosts === null ? [] : [`on hosts with ${scopeWords(rule.hosts)}`]),
  ];
};

const shownInWords = 4;

const listWords = (all: readonly string[], word: 'and' | 'or'): string => {
  const shown =
    all.length <= shownInWords + 1 ? all : [...all.slice(0, shownInWords), `${all.length - shownInWords} more`];
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} ${word} ${shown.at(-1)}`;
};

export const standingWords: Readonly<Record<PolicyStanding, string>> = {
  followed: 'Its sensor follows this.',
  'on-its-way': 'It was sent to the sensor, which has not said yet that it follows.',
  waiting: 'The sensor is not connected; it follows as soon as it is. Until then what it was told before holds.',
  unable: 'Its sensor is too old to follow a policy and records everything: upgrade it.',
};
