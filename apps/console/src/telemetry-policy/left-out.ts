import type { HuntGap } from '@parapet/contract/api';
import { actionVocabulary, leftOutActions, noPolicy, type TelemetryRules } from '@parapet/contract/telemetry';
import type { FollowedPolicy } from '@parapet/contract/wire';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { asksHosts, type HostLabels, hostRulesFor, policyFor, unknownTo } from './host-policy.ts';
import { readPoliciesWithin } from './policy-versions.ts';

/**
 * What versions of the telemetry policy that held in a span of time (milliseconds) leave out, and on how many hosts of those
 * that `shown` tells of (a condition on `assets`). By the labels that hosts have now. Accounts cannot tell it: what they call
 * unwanted is also what the kernel told and nobody records. Beside that, what sensors of an earlier version have never heard of.
 */
export const readLeftOut = async (
  db: Database,
  span: { readonly from: number; readonly to: number },
  shown: RawBuilder<unknown>,
): Promise<HuntGap[]> => {
  const policies = await readPoliciesWithin(db, span);
  const [latest] = policies;
  // Mostly nobody has said anything of what is recorded: then only those matter that cannot record all of it.
  const hosts = await readHosts(db, span, shown, latest === undefined ? isOlder : sql`true`);
  const unknown = inGroups(hosts, ({ followed }) => unknownTo(followed).join(', ')).map(([actions, those]) =>
    gapOf(those, new Date(span.from), `the version of the sensor does not know ${actions} and records none`),
  );
  if (latest === undefined) return unknown;
  const found = policies
    .filter(({ at }) => at.getTime() < span.to)
    .flatMap(({ version, rules, at, until }) => {
      const textFor = byLabels(rules, (labels) => textOf(version, rules, labels));
      return inGroups(hosts, ({ labels }) => textFor(labels)).map(([cause, those]) => ({
        ...gapOf(those, at, cause),
        ...(until === null ? {} : { to: until.toISOString() }),
      }));
    });
  return [...unknown, ...found, ...behind(hosts, latest, span.to)].slice(0, maxGaps);
};

/** Few: a version makes one for each set of rules that hosts have. */
const maxGaps = 100;
const maxHosts = 10_000;

/** Those whose sensors still follow rules of an earlier version than the latest: what they leave out, nobody wants any more. */
const behind = (
  hosts: readonly Host[],
  { rules, at }: { readonly rules: TelemetryRules; readonly at: Date },
  to: number,
): readonly HuntGap[] => {
  if (at.getTime() >= to) return [];
  const digestFor = byLabels(rules, (labels) => policyFor(rules, labels).digest);
  const late = hosts.filter(
    ({ followed, labels }) => followed.digest !== digestFor(labels) && followed.digest !== noPolicy,
  );
  return late.length === 0
    ? []
    : [gapOf(late, at, 'the sensor has not taken up the latest version, and follows an earlier one')];
};

const gapOf = (hosts: readonly Host[], at: Date, cause: string): HuntGap => {
  const [first] = hosts;
  const whom =
    hosts.length === 1 && first !== undefined ? { hostId: first.id, hostName: first.name } : { hosts: hosts.length };
  return { ...whom, collector: 'policy', from: at.toISOString(), cause };
};

/** What a version leaves out on hosts with these labels; empty for nothing. */
const textOf = (version: number, rules: TelemetryRules, labels: HostLabels): string => {
  const { all, some } = leftOutActions(hostRulesFor(rules, labels));
  const parts = [
    ...(all.length === 0 ? [] : [all.join(', ')]),
    ...(some.length === 0 ? [] : [`some of ${some.join(', ')}`]),
  ];
  return parts.length === 0 ? '' : `version ${version} leaves out ${parts.join(' and ')}`;
};

/** Remembers what was made of the labels of a host: a fleet has few sets of them, and one where no rule asks for any. */
const byLabels = (rules: TelemetryRules, make: (labels: HostLabels) => string): ((labels: HostLabels) => string) => {
  const made = new Map<string, string>();
  const asks = asksHosts(rules);
  return (labels) => {
    const key = asks ? JSON.stringify(labels) : '';
    const text = made.get(key) ?? make(asks ? labels : {});
    made.set(key, text);
    return text;
  };
};

/** Hosts by a text; those whose text is empty are left away. */
const inGroups = (
  hosts: readonly Host[],
  textFor: (host: Host) => string,
): readonly (readonly [string, readonly Host[]])[] => {
  const groups = new Map<string, Host[]>();
  for (const host of hosts) {
    const text = textFor(host);
    if (text === '') continue;
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [host]);
    else group.push(host);
  }
  return [...groups];
};

type Host = {
  readonly id: string;
  readonly name: string;
  readonly labels: HostLabels;
  readonly followed: FollowedPolicy;
};

/** Those that were there in the span and can follow a policy at all. */
const readHosts = async (
  db: Database,
  { from, to }: { readonly from: number; readonly to: number },
  shown: RawBuilder<unknown>,
  which: RawBuilder<unknown>,
): Promise<readonly Host[]> => {
  const { rows } = await sql<Host>`
select assets.id, assets.name, assets.effective_labels as labels, s.telemetry_policy as followed
from sensors s join assets on assets.id = s.host_id
where s.telemetry_policy is not null and s.enrolled_at < ${new Date(to)}
  and (s.presence = 'online' or coalesce(s.last_seen_at, s.enrolled_at) >= ${new Date(from)}) and ${shown} and ${which}
order by assets.id limit ${maxHosts}`.execute(db);
  return rows;
};

/** Whose sensors know fewer actions than this console. */
const isOlder = sql`coalesce((s.telemetry_policy->>'vocabulary')::bigint, 1) < ${actionVocabulary}`;
