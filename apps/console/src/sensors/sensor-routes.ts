import type { Scope } from '@parapet/contract/api';
import { type Clock, notFound } from '@parapet/core';
import { type Expression, type SqlBool, sql } from 'kysely';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import { actorOf } from '../http/audit-requests.ts';
import type { RouteHandlers } from '../http/handler.ts';
import type { Release } from '../upgrades/version-standing.ts';
import type { EnrolmentKeys } from './enrolment-keys.ts';
import { listSensors } from './list-sensors.ts';
import { readBlindness, readLosses, recentMs } from './losses.ts';
import { revokeSensor } from './revocation.ts';
import { readSensors } from './sensor-rows.ts';

type Names =
  | 'enrolmentKeys.list'
  | 'enrolmentKeys.create'
  | 'enrolmentKeys.revoke'
  | 'sensors.list'
  | 'sensors.get'
  | 'sensors.revoke'
  | 'sensors.resync';
export type SensorRoutes = Pick<RouteHandlers, Names>;

export type SensorRouteDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly keys: EnrolmentKeys;
  readonly authorityPin: string;
  /** `https://…` addresses under which sensors reach this console, best first. */
  readonly consoleUrls: () => readonly string[];
  /** What sensors are compared with. */
  readonly release: () => Release;
  /** Ends the connection of a sensor whose certificate no longer counts. */
  readonly onRevoked: (hostId: string) => void;
  /** Asks a connected sensor for a snapshot; false when it is not connected. */
  readonly resync: (hostId: string, reason: string) => boolean;
};

const maxHistory = 500;
const hourMs = 3_600_000;

export const createSensorRoutes = (deps: SensorRouteDeps): SensorRoutes => {
  const { db, clock, audit, keys } = deps;
  const standing = () => ({ since: new Date(clock.now() - recentMs), release: deps.release() });
  const require = async (scope: Scope, hostId: string) => {
    const [sensor] = await readSensors(db, scope, { hostIds: [hostId], ...standing() });
    if (sensor === undefined) throw notFound('This sensor');
    return sensor;
  };
  return {
    'enrolmentKeys.list': async () => ({ items: [...(await keys.list())] }),
    'enrolmentKeys.create': async ({ body, caller, address }) => {
      const { name, zone, labels, maxUses } = body;
      const expiresAt = new Date(clock.now() + body.expiresInHours * hourMs);
      const made = await keys.create({ name, zone, labels, maxUses, expiresAt, createdBy: caller.name });
      await audit.record({
        actor: actorOf(caller),
        action: 'enrolmentKeys.create',
        outcome: 'succeeded',
        target: made.key.name,
        address,
        details: { id: made.key.id, zone, labels, expiresAt: made.key.expiresAt, maxUses: maxUses ?? null },
      });
      const consoleUrls = [...deps.consoleUrls()];
      return { ...made, authorityPin: deps.authorityPin, consoleUrls, command: commandOf(deps, made.secret) };
    },
    'enrolmentKeys.revoke': async ({ params, caller, address }) => {
      const key = await keys.revoke(params.keyId);
      if (key === undefined) throw notFound('This enrolment key');
      await audit.record({
        actor: actorOf(caller),
        action: 'enrolmentKeys.revoke',
        outcome: 'succeeded',
        target: key.name,
        address,
        details: { id: key.id },
      });
      return undefined;
    },
    'sensors.list': ({ query, caller }) => listSensors(db, caller.scope, query, standing()),
    'sensors.get': async ({ params, caller }) => {
      const history = {
        has: (hostId: Expression<unknown>) => sql<SqlBool>`${hostId} = ${params.hostId}`,
        since: new Date(clock.now() - recentMs),
        limit: maxHistory,
      };
      const sensor = await require(caller.scope, params.hostId);
      const [blind, losses] = await Promise.all([readBlindness(db, history), readLosses(db, history)]);
      return { ...sensor, blind, losses };
    },
    'sensors.revoke': async ({ params, body, caller, address }) => {
      const sensor = await require(caller.scope, params.hostId);
      await revokeSensor(deps, params.hostId, body.reason);
      deps.onRevoked(params.hostId);
      await audit.record({
        actor: actorOf(caller),
        action: 'sensors.revoke',
        outcome: 'succeeded',
        target: params.hostId,
        address,
        details: { hostname: sensor.hostname, reason: body.reason },
      });
      return undefined;
    },
    'sensors.resync': async ({ params, caller, address }) => {
      await require(caller.scope, params.hostId);
      if (!deps.resync(params.hostId, `Asked for by ${caller.name}.`)) throw notFound('A connection of this sensor');
      await audit.record({
        actor: actorOf(caller),
        action: 'sensors.resync',
        outcome: 'succeeded',
        target: params.hostId,
        address,
      });
      return undefined;
    },
  };
};

/** What a person runs on a host. The key goes by environment: arguments are seen by every user of the machine. */
const commandOf = (deps: SensorRouteDeps, secret: string): string => {
  const url = deps.consoleUrls().find((candidate) => !new URL(candidate).hostname.match(/^(localhost|127\.|\[::1\])/));
  const target = url ?? deps.consoleUrls()[0] ?? 'https://CONSOLE:8443';
  return `PARAPET_ENROLMENT_KEY=${secret} ./parapet sensor --console ${target} --authority-pin ${deps.authorityPin}`;
};
