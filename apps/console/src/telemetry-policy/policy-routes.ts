import type { HostPolicy, PolicyStanding, Scope, TelemetryPolicyStatus } from '@parapet/contract/api';
import { type EventAction, eventActions } from '@parapet/contract/telemetry';
import type { FollowedPolicy } from '@parapet/contract/wire';
import { type Clock, conflict, notFound } from '@parapet/core';
import { sql } from 'kysely';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import { actorOf } from '../http/audit-requests.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { inScope } from '../people/scope.ts';
import { type HostLabels, policyFor, rulesFor, standingTo, unknownTo } from './host-policy.ts';
import { listPolicyVersions, readPolicy, readPolicyVersion, savePolicy } from './policy-versions.ts';
import { previewPolicy } from './preview-policy.ts';

/** Routes of what sensors record. */
export const createPolicyRoutes = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly audit: AuditLog;
  /** Tells sensors. */
  readonly changed: () => void;
}) => {
  const { db, clock, audit } = deps;
  return {
    'telemetryPolicy.get': ({ caller }) => readStatus(db, caller.scope),
    'telemetryPolicy.update': async ({ body, caller, address }) => {
      const before = await readPolicy(db);
      const saved = await savePolicy(db, { ...body, at: new Date(clock.now()), by: caller.name });
      if (!saved)
        throw conflict('changed', 'Somebody else has changed the policy since. Look at theirs, then change it.');
      await audit.record({
        actor: actorOf(caller),
        action: 'telemetryPolicy.update',
        outcome: 'succeeded',
        target: String(body.basedOn + 1),
        address,
        details: { before: before.rules, after: body.rules },
      });
      deps.changed();
      return readStatus(db, caller.scope);
    },
    'telemetryPolicy.preview': ({ body }) => previewPolicy(db, body.rules),
    'telemetryPolicy.versions': async () => ({
      items: (await listPolicyVersions(db)).map(({ at, ...version }) => ({ ...version, at: at.toISOString() })),
    }),
    'telemetryPolicy.version': async ({ params }) => {
      const stored = await readPolicyVersion(db, params.version);
      if (stored?.changed === undefined) throw notFound('This version');
      const { version, rules, changed } = stored;
      return { version, rules, at: changed.at.toISOString(), by: changed.by };
    },
    'telemetryPolicy.ofHost': async ({ params, caller }) => {
      const [host] = await readHosts(db, caller.scope, params.hostId);
      if (host === undefined) throw notFound('This host');
      const { version, rules } = await readPolicy(db);
      const { followed } = host;
      return {
        version,
        rules: rulesFor(rules, host.labels),
        standing: standingTo(policyFor(rules, host.labels).digest, host),
        off: eventActions.filter((action) => followed?.off.includes(action)),
        unknown: [...unknownTo(followed)],
        ...(followed?.problem === undefined ? {} : { problem: followed.problem }),
      } satisfies HostPolicy;
    },
  } satisfies Partial<RouteHandlers>;
};

const readStatus = async (db: Database, scope: Scope): Promise<TelemetryPolicyStatus> => {
  const [{ version, rules, changed }, hosts] = await Promise.all([readPolicy(db), readHosts(db, scope)]);
  const counts: Record<PolicyStanding, number> = { followed: 0, 'on-its-way': 0, waiting: 0, unable: 0 };
  const unknown = new Map<EventAction, number>();
  const digests = new Map<string, string>();
  for (const host of hosts) {
    // A fleet has few sets of labels.
    const key = JSON.stringify(host.labels);
    const digest = digests.get(key) ?? policyFor(rules, host.labels).digest;
    digests.set(key, digest);
    counts[standingTo(digest, host)] += 1;
    for (const action of unknownTo(host.followed)) unknown.set(action, (unknown.get(action) ?? 0) + 1);
  }
  return {
    version,
    rules,
    ...(changed === undefined ? {} : { changedAt: changed.at.toISOString(), changedBy: changed.by }),
    hosts: counts,
    unknown: [...unknown].map(([action, hosts]) => ({ action, hosts })),
  };
};

const maxHosts = 10_000;

type Host = {
  readonly presence: string;
  readonly followed: FollowedPolicy | null;
  readonly labels: HostLabels;
};

const readHosts = async (db: Database, scope: Scope, hostId?: string): Promise<readonly Host[]> => {
  const { rows } = await sql<Host>`
    select s.presence, s.telemetry_policy as followed, a.effective_labels as labels
    from sensors s join assets a on a.id = s.host_id
    where s.presence not in ('revoked', 'removed') and ${inScope(scope, sql.ref('s.host_id'))}
      and ${hostId === undefined ? sql`true` : sql`s.host_id = ${hostId}::uuid`}
    order by s.host_id limit ${maxHosts}`.execute(db);
  return rows;
};
