import { type EventAction, policyLimits, TelemetryRule } from '@parapet/contract/api';
import { formatScope, parseScope } from '../../lib/labels.ts';
import { percentOf } from '../../lib/policy-words.ts';

/** A rule as it is typed. */
export type RuleDraft = {
  readonly name: string;
  readonly actions: readonly EventAction[];
  readonly deed: 'leave-out' | 'share' | 'record';
  /** Per cent, for a share. */
  readonly share: string;
  readonly perSecond: string;
  readonly where: TelemetryRule['where'];
  readonly hosts: string;
  readonly images: string;
  readonly namespaces: string;
  readonly labels: string;
  readonly programs: string;
  readonly paths: string;
  readonly addresses: string;
  readonly ports: string;
};

export type ParsedRule =
  | { readonly ok: true; readonly rule: TelemetryRule }
  | { readonly ok: false; readonly problem: string };

export const emptyDraft: RuleDraft = {
  ...{ name: '', actions: [], deed: 'leave-out', share: '10', perSecond: '', where: 'anywhere', hosts: '' },
  ...{ images: '', namespaces: '', labels: '', programs: '', paths: '', addresses: '', ports: '' },
};

export const draftOf = (rule: TelemetryRule): RuleDraft => ({
  ...{ name: rule.name, actions: rule.actions, where: rule.where },
  deed: rule.keep === 0 ? 'leave-out' : rule.keep === 1 ? 'record' : 'share',
  share: rule.keep > 0 && rule.keep < 1 ? percentOf(rule.keep) : emptyDraft.share,
  perSecond: rule.perSecond === undefined ? '' : String(rule.perSecond),
  hosts: formatScope(rule.hosts),
  images: rule.images.join('\n'),
  namespaces: rule.namespaces.join('\n'),
  labels: formatScope(rule.labels),
  programs: rule.programs.join('\n'),
  paths: rule.paths.join('\n'),
  addresses: rule.addresses.join('\n'),
  ports: rule.ports.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(', '),
});

/** The rule that was typed, or the first thing that is wrong with it, as a sentence. */
export const ruleOf = (draft: RuleDraft, on: boolean): ParsedRule => {
  const wrong = (problem: string): ParsedRule => ({ ok: false, problem });
  if (draft.name.trim() === '') return wrong('Give it a name.');
  if (draft.actions.length === 0) return wrong('Choose at least one kind of event.');
  const hosts = parseScope(draft.hosts);
  if (!hosts.ok) return wrong(`Labels of hosts: ${hosts.problem}`);
  const labels = parseScope(draft.labels);
  if (!labels.ok) return wrong(`Labels of containers: ${labels.problem}`);
  const ports = readPorts(draft.ports);
  if (ports === undefined) return wrong('Ports are numbers up to 65535 or spans like 8000-8999.');
  const keep = draft.deed === 'leave-out' ? 0 : draft.deed === 'record' ? 1 : Number(draft.share) / 100;
  if (draft.deed === 'share' && !(keep > 0 && keep < 1)) return wrong('The share is more than 0 and less than 100 %.');
  const perSecond = draft.deed === 'leave-out' || draft.perSecond.trim() === '' ? undefined : Number(draft.perSecond);
  const parsed = TelemetryRule.safeParse({
    ...{ name: draft.name, on, actions: draft.actions, where: draft.where, keep, ports },
    ...{ hosts: hosts.scope, labels: labels.scope ?? {}, addresses: linesOf(draft.addresses) },
    ...{ images: linesOf(draft.images), namespaces: linesOf(draft.namespaces) },
    ...{ programs: linesOf(draft.programs), paths: linesOf(draft.paths) },
    ...(perSecond === undefined ? {} : { perSecond }),
  });
  if (parsed.success) return { ok: true, rule: parsed.data };
  const [issue] = parsed.error.issues;
  const place = places[String(issue?.path[0])];
  return wrong(place ?? issue?.message ?? 'This cannot be read.');
};

const patternsOf = (what: string): string =>
  `${what}: up to ${policyLimits.patterns} patterns of up to 200 characters with up to ${policyLimits.wildcards} wildcards.`;

const places: Readonly<Record<string, string>> = {
  name: 'A name has up to 80 characters.',
  where: 'Images, namespaces and labels are those of containers: choose “Containers” or “Everywhere”.',
  images: patternsOf('Images'),
  namespaces: patternsOf('Namespaces'),
  labels: 'Labels of containers: up to 20 values of up to 200 characters each.',
  programs: patternsOf('Programs'),
  paths: patternsOf('Files'),
  addresses: 'Addresses: up to 30 addresses or blocks like 10.0.0.0/8 or 2001:db8::/32.',
  ports: 'Ports: up to 30 numbers or spans, the lower one first.',
  perSecond: 'Events a second: a whole number from 1 to 100,000, or empty.',
};

const linesOf = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter(Boolean);

const readPorts = (text: string): { from: number; to: number }[] | undefined => {
  const ports = linesOf(text).map((piece) => {
    const match = /^(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?$/.exec(piece);
    return match === null ? undefined : { from: Number(match[1]), to: Number(match[2] ?? match[1]) };
  });
  return ports.every((port) => port !== undefined) ? ports : undefined;
};
