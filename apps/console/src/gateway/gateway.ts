import type { Server } from 'node:net';
import { join } from 'node:path';
import type { Server as TlsServer } from 'node:tls';
import type { SystemStatus } from '@parapet/contract/api';
import { type Clock, messageOf } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Authority } from '../authority/authority.ts';
import type { Database } from '../database/database.ts';
import type { Transact } from '../database/pipeline.ts';
import type { LookPort } from '../forensics/look-port.ts';
import { type ChangeListener, createChangeFeed } from '../ingest/change-feed.ts';
import { sweepEveryMs, sweepUnresolved } from '../ingest/edges/sweep.ts';
import { createIngest } from '../ingest/ingest.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Log } from '../logging/log.ts';
import type { WriteGate } from '../self-watch/write-gate.ts';
import { createEnrolment } from '../sensors/enrolment.ts';
import { createEnrolmentKeys } from '../sensors/enrolment-keys.ts';
import { createSensorRoutes, type SensorRoutes } from '../sensors/sensor-routes.ts';
import { createBulkSpool } from '../tasks/bulk-spool.ts';
import { createTaskDispatcher, type TaskDispatcher, type TaskStore } from '../tasks/task-dispatcher.ts';
import type { TelemetryPort } from '../telemetry/telemetry-port.ts';
import type { PolicyPort } from '../telemetry-policy/policy-port.ts';
import { createArchiveRoute, isArchiveRequest } from '../upgrades/archive-route.ts';
import { noArchives, type SensorArchives } from '../upgrades/archives.ts';
import { type Release, releaseOf } from '../upgrades/version-standing.ts';
import { createEnrolmentRoute, type EnrolmentLimits } from './enrolment-route.ts';
import { storeArrival } from './host-presence.ts';
import { createPresence } from './presence.ts';
import { createRefusals } from './refusals.ts';
import { createSensorCertificates } from './sensor-certificates.ts';
import { createSensorServer } from './sensor-server.ts';
import { createSensorSession, type SessionDeps } from './sensor-session.ts';
import { createSessionRegistry } from './session-registry.ts';
import { createSessionWire } from './session-wire.ts';
import { createTlsFront, type TlsFrontLimits } from './tls-front.ts';

export type GatewayFigures = SystemStatus['ingest'] & {
  /** Frames and records since the start. */
  readonly framesTotal: number;
  readonly recordsTotal: number;
  readonly queuedFrames: number;
  /** TCP connections open now, and those turned away at the door since the start. */
  readonly connections: number;
  readonly connectionsRefused: number;
};

/** Everything that has to do with sensors: the port, enrolment, the channel, ingest, tasks. */
export type Gateway = {
  /** The one TCP server of the console; the caller makes it listen. */
  readonly server: Server;
  readonly tasks: TaskDispatcher;
  readonly routes: SensorRoutes;
  readonly figures: () => GatewayFigures;
  /** Told of everything that was committed, synchronously after the commit. */
  readonly onChange: (listener: ChangeListener) => void;
  /** A key for the sensor on the console's own machine: one use, ten minutes. */
  readonly createLocalEnrolmentKey: () => Promise<{ readonly key: string; readonly authorityPin: string }>;
  /** A key for any number of hosts of a zone. */
  readonly createEnrolmentKey: (part: {
    readonly name: string;
    readonly zone: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly hours: number;
    readonly maxUses?: number | undefined;
  }) => Promise<{ readonly key: string; readonly authorityPin: string }>;
  /** Reads who was here before; to be called before the server listens. */
  readonly start: () => Promise<void>;
  /** Ends all connections and finishes what is being stored. Sensors notice and come back. */
  readonly stop: () => Promise<void>;
};

export type GatewayDeps = {
  readonly db: Database;
  /** For the statements of ingest and of connections, which are few and come without end; `db` when absent. */
  readonly preparedDb?: Database;
  /** For what ingest stores; transactions of the above when absent. */
  readonly transact?: Transact;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly live: LiveFeed;
  readonly authority: Authority;
  /** The TLS server for people; it gets every connection that is not a sensor's. */
  readonly web: TlsServer;
  readonly taskStore: TaskStore;
  /** The sensors that this console hands out; none unless given. */
  readonly archives?: SensorArchives;
  /** Where telemetry goes; without it sensors tell none. */
  readonly telemetry?: TelemetryPort;
  /** What sensors are to record; without it they are not told. */
  readonly policies?: PolicyPort;
  /** Who asks sensors what processes have open; without it nobody does. */
  readonly looks?: LookPort;
  /** A folder of ours below the data folder. */
  readonly spoolDir: string;
  readonly version: string;
  /** `https://…` addresses of this console, best first. */
  readonly consoleUrls: () => readonly string[];
  /** Closed while nothing more may be taken from sensors. */
  readonly gate: WriteGate;
  readonly heartbeatEveryMs?: number;
  readonly limits?: TlsFrontLimits;
  readonly proxyProtocolFrom?: readonly string[];
  readonly enrolmentLimits?: EnrolmentLimits;
};

const defaultHeartbeatMs = 10_000;
const tickMs = 1000;
const renewServerMs = 24 * 3_600_000;
const localKeyMs = 10 * 60_000;
/** How long a sensor has to show that it lives when another claims to be its host. */
const aliveProbeMs = 2000;

export const createGateway = async (deps: GatewayDeps): Promise<Gateway> => {
  const { db, clock, log, audit, authority, gate } = deps;
  const heartbeatEveryMs = deps.heartbeatEveryMs ?? defaultHeartbeatMs;
  const changes = createChangeFeed({
    live: deps.live,
    onError: (error) => log.error({ error: messageOf(error) }, 'A listener of inventory changes failed.'),
  });
  const steadyDb = deps.preparedDb ?? db;
  const ingest = createIngest({ db: steadyDb, transact: deps.transact, clock, log, changes });
  gate.onChange(() => ingest.hold(!gate.isOpen('database')));
  const refusals = createRefusals({ audit, clock });
  const certificates = createSensorCertificates({ db: steadyDb, clock, authority });
  const registry = createSessionRegistry({ clock, audit });
  const spool = createBulkSpool(join(deps.spoolDir, 'bulk'));
  const tasks = createTaskDispatcher({ store: deps.taskStore, spool, log });
  let unknownMessages = 0;
  const presence = createPresence({
    ...{ db: steadyDb, clock, log, changes, refusals, heartbeatEveryMs, gate },
    disconnect: (hostId) => registry.find(hostId)?.terminate(),
  });
  const closeRevoked = (hostId: string): void => {
    presence.forget(hostId);
    registry.find(hostId)?.close('revoked', 'This sensor’s certificate was revoked.', true);
    changes.publish({ hostId, assetIds: [hostId], kinds: ['presence'] });
  };
  const keys = createEnrolmentKeys({ db, clock });
  const enrolment = createEnrolment({
    ...{ db, clock, authority, audit },
    isAlive: async (hostId) => {
      const session = registry.find(hostId);
      return session === undefined ? presence.isAwaited(hostId) : session.probe(aliveProbeMs);
    },
    onRevoked: closeRevoked,
    onEnrolled: (hostId) => changes.publish({ hostId, assetIds: [hostId], kinds: ['host', 'presence'] }),
  });
  const sessionDeps: SessionDeps = {
    ...{ clock, log, ingest, presence, refusals, certificates, tasks, heartbeatEveryMs, gate },
    ...(deps.telemetry === undefined ? {} : { telemetry: deps.telemetry }),
    ...(deps.policies === undefined ? {} : { policies: deps.policies }),
    ...(deps.looks === undefined ? {} : { looks: deps.looks }),
    version: deps.version,
    storeArrival: (arrival) => storeArrival(steadyDb, arrival),
    claim: registry.claim,
    release: registry.release,
    onUnknown: (messages) => {
      unknownMessages += messages;
    },
  };
  const archives = deps.archives ?? noArchives;
  const sensors = await createSensorServer({
    ...{ authority, certificates, refusals, log },
    archive: { isFor: isArchiveRequest, serve: createArchiveRoute({ archives, log }) },
    enrol: createEnrolmentRoute({ enrolment, audit, clock, log, limits: deps.enrolmentLimits }),
    onConnection: (peer, socket) => createSensorSession(sessionDeps, peer, socket),
    onRevoked: ({ hostId, address }, socket) => {
      socket.on('error', () => socket.terminate());
      refusals.note({ hostId, address, code: 'revoked', message: 'A revoked certificate was used.' });
      const message = 'This sensor’s certificate was revoked. Enrol it anew to use it again.';
      createSessionWire(socket).refuse('revoked', message, true);
    },
  });
  const front = createTlsFront({
    web: deps.web,
    sensors: sensors.server,
    log,
    proxyProtocolFrom: deps.proxyProtocolFrom ?? [],
    ...(deps.limits === undefined ? {} : { limits: deps.limits }),
  });
  const timers: NodeJS.Timeout[] = [];

  return {
    server: front.server,
    tasks,
    routes: createSensorRoutes({
      ...{ db, clock, audit, keys, authorityPin: authority.pin, consoleUrls: deps.consoleUrls },
      release: (): Release => releaseOf({ archives, version: deps.version }),
      onRevoked: closeRevoked,
      resync: (hostId, reason) => {
        const session = registry.find(hostId);
        session?.resync(reason);
        return session !== undefined;
      },
    }),
    onChange: changes.onChange,
    figures: () => {
      const { lagMsP50, lagMsP99, ...figures } = ingest.figures();
      const { open, refused } = front.figures();
      return {
        connectedSensors: registry.count(),
        framesPerSecond: figures.framesPerSecond,
        recordsPerSecond: figures.recordsPerSecond,
        ...(lagMsP50 === undefined ? {} : { lagMsP50 }),
        ...(lagMsP99 === undefined ? {} : { lagMsP99 }),
        refusedFrames: refusals.total(),
        unknownMessages,
        framesTotal: figures.framesTotal,
        recordsTotal: figures.recordsTotal,
        queuedFrames: figures.queuedFrames,
        connections: open,
        connectionsRefused: refused,
      };
    },
    createLocalEnrolmentKey: async () => {
      const { secret } = await keys.create({
        name: 'This machine',
        zone: 'default',
        labels: {},
        expiresAt: new Date(clock.now() + localKeyMs),
        maxUses: 1,
        createdBy: 'parapet up',
      });
      return { key: secret, authorityPin: authority.pin };
    },
    createEnrolmentKey: async ({ hours, ...part }) => {
      const expiresAt = new Date(clock.now() + hours * 3_600_000);
      const { secret } = await keys.create({ ...part, expiresAt, createdBy: 'command line' });
      return { key: secret, authorityPin: authority.pin };
    },
    start: async () => {
      await presence.start();
      await spool.clean(clock.now());
      const renew = (): void => {
        sensors.renew().catch((error: unknown) => {
          log.error({ error: messageOf(error) }, 'The sensor server’s certificate could not be renewed.');
        });
        spool.clean(clock.now()).catch(() => undefined);
      };
      const sweep = (): void => {
        sweepUnresolved(db, clock.now())
          .then((swept) => swept.forEach(changes.publish))
          .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'Edges to strangers could not be swept.'));
      };
      timers.push(
        setInterval(() => void presence.tick(), tickMs),
        setInterval(renew, renewServerMs),
        setInterval(sweep, sweepEveryMs),
      );
      for (const timer of timers) timer.unref();
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      front.server.close();
      for (const session of registry.all()) session.terminate();
      front.destroyConnections();
      sensors.close();
      await ingest.stop();
      await presence.tick();
      changes.stop();
    },
  };
};
