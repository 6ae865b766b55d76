import { createHash } from 'node:crypto';
import type { PolicyStanding } from '@parapet/contract/api';
import {
  type EventAction,
  type HostRule,
  noPolicy,
  type TelemetryRule,
  type TelemetryRules,
  unknownActions,
} from '@parapet/contract/telemetry';
import type { FollowedPolicy, TelemetryPolicy } from '@parapet/contract/wire';

export type HostLabels = Readonly<Record<string, string>>;

/** The rules that are for a host with these labels. */
export const rulesFor = (rules: TelemetryRules, labels: HostLabels): TelemetryRules =>
  rules.filter(({ on, hosts }) => on && isFor(hosts, labels));

const isFor = (hosts: TelemetryRule['hosts'], labels: HostLabels): boolean =>
  hosts === null ||
  Object.entries(hosts).every(([name, values]) => Object.hasOwn(labels, name) && values.includes(labels[name] ?? ''));

/** Whether labels of hosts matter to anything. */
export const asksHosts = (rules: TelemetryRules): boolean => rules.some(({ on, hosts }) => on && hosts !== null);

/** The same as sensors get them: what concerns the host is settled. */
export const hostRulesFor = (rules: TelemetryRules, labels: HostLabels): readonly HostRule[] =>
  rulesFor(rules, labels).map(({ on: _, hosts: __, ...rule }): HostRule => rule);

/** What a host with these labels is told. Hosts with the same rules have the same digest. */
export const policyFor = (rules: TelemetryRules, labels: HostLabels): TelemetryPolicy => {
  const hostRules = [...hostRulesFor(rules, labels)];
  const digest =
    hostRules.length === 0
      ? noPolicy
      : createHash('sha256').update(JSON.stringify(hostRules)).digest('hex').slice(0, digestDigits);
  return { kind: 'telemetry-policy', format: 1, digest, rules: hostRules };
};

const digestDigits = 16;

/** What a sensor that records events has never heard of; one from before policies is of the first vocabulary too. */
export const unknownTo = (followed: FollowedPolicy | null): readonly EventAction[] =>
  unknownActions(followed?.vocabulary);

/** `followed`: what its sensor last told of. */
export const standingTo = (
  digest: string,
  host: { readonly presence: string; readonly followed: FollowedPolicy | null },
): PolicyStanding => {
  const { followed } = host;
  // A sensor of before this feature records everything, which is what no rules ask for.
  if (followed === null) return digest === noPolicy ? 'followed' : 'unable';
  if (followed.digest === digest) return 'followed';
  if (host.presence !== 'online') return 'waiting';
  return followed.problem === undefined ? 'on-its-way' : 'unable';
};
