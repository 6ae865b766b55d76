import type {
  BulkBegin,
  BulkChunk,
  ConsoleMessage,
  Goodbye,
  Hello,
  SensorMessage,
  TaskState,
  Welcome,
} from '@parapet/contract/wire';
import { protocolVersions } from '@parapet/contract/wire';
import { type Clock, messageOf, pause } from '@parapet/core';
import type { ProxyConfig } from '../config/config.ts';
import type { Renewal } from '../enrolment/renewal.ts';
import type { InventoryStore } from '../inventory/inventory-store.ts';
import type { InventoryStream } from '../inventory/inventory-stream.ts';
import type { Log } from '../log.ts';
import type { LookDesk } from '../look/look-desk.ts';
import type { Identity } from '../state/state-files.ts';
import type { TelemetryPolicyHolder } from '../telemetry/policy/followed-policy.ts';
import type { TelemetryStream } from '../telemetry/telemetry-stream.ts';
import { createBackoff } from './backoff.ts';
import { type Link, type LinkEnd, type LinkHandlers, runLink } from './link.ts';
import { openChannel } from './open-channel.ts';
import type { MessageSource } from './outbound.ts';
import { createSelfUsage, type SelfUsage } from './self-usage.ts';

/** Tasks as the uplink sees them: orders come in, states and documents go out. */
export type TaskPort = {
  /** A new connection: what is not acknowledged yet is said again. */
  readonly connected: () => void;
  readonly onOrder: (message: ConsoleMessage['orders']) => void;
  readonly onBulk: (message: ConsoleMessage['bulk']) => void;
  readonly states: MessageSource<TaskState>;
  readonly bulk: MessageSource<BulkBegin | BulkChunk>;
};

export type UplinkDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly proxy: ProxyConfig | undefined;
  /** Addresses to try, best first. */
  readonly consoleUrls: () => readonly string[];
  readonly identity: () => Identity;
  readonly renewal: Renewal;
  readonly store: InventoryStore;
  readonly stream: InventoryStream;
  /** Absent where no events are told. */
  readonly telemetry?: TelemetryStream;
  /** Absent where no policy is followed. */
  readonly policy?: Pick<TelemetryPolicyHolder, 'follow' | 'followed'>;
  readonly tasks: TaskPort;
  /** Absent where nobody may look at processes. */
  readonly look?: LookDesk;
  /** Memory and CPU of this sensor since the last call; this process's by default. */
  readonly usage?: () => SelfUsage;
  readonly run: Pick<Hello, 'sensorVersion' | 'bootId' | 'runId' | 'startedAt' | 'previousRun' | 'program'>;
};

/** The connection to the console, made again whenever it breaks. */
export type Uplink = {
  readonly isConnected: () => boolean;
  /** Something new may be sent. */
  readonly wake: () => void;
  /** Calls back with a plain sentence when the connection comes, goes or is refused. */
  readonly onChange: (listener: (change: UplinkChange) => void) => void;
  /** Says goodbye where connected, and ends. */
  readonly stop: (reason: Goodbye['reason']) => Promise<void>;
};

export type UplinkChange = { readonly state: 'connected' | 'waiting' | 'refused'; readonly text: string };

const dialTimeoutMs = 20_000;
/** After a refusal that a person must look at. */
const finalRetryMs = 300_000;
/** A connection that held this long counts as good. */
const steadyMs = 10_000;
/**
 * The longest wait between tries: a console that is back has its whole fleet well within half a minute. A try at one that is
 * not there costs neither side anything worth naming.
 */
const longestWaitMs = 12_000;

export const startUplink = (deps: UplinkDeps): Uplink => {
  const { log, store, stream, telemetry } = deps;
  const backoff = createBackoff({ minMs: 1000, maxMs: longestWaitMs });
  const stopping = new AbortController();
  let link: Link | undefined;
  let attempt = 0;
  let listener: (change: UplinkChange) => void = () => {};
  const handlers = createHandlers(deps, () => {
    listener({ state: 'connected', text: 'Connected to the console.' });
  });

  const connectOnce = async (): Promise<LinkEnd> => {
    const urls = deps.consoleUrls();
    const url = urls[attempt % Math.max(1, urls.length)] ?? deps.identity().consoleUrl;
    attempt += 1;
    try {
      const socket = await openChannel(url, deps.identity(), { proxy: deps.proxy, timeoutMs: dialTimeoutMs });
      if (stopping.signal.aborted) {
        socket.terminate();
        return { reason: '', final: false };
      }
      attempt -= 1;
      const { states: orders, bulk } = deps.tasks;
      const events = telemetry === undefined ? {} : { telemetry };
      link = runLink(socket, { inventory: stream, ...events, orders, bulk }, handlers);
      return await link.ended;
    } catch (error) {
      return { reason: `${url}: ${messageOf(error)}`, final: isFinal(error) };
    } finally {
      if (link !== undefined) {
        stream.disconnected();
        telemetry?.disconnected();
      }
      link = undefined;
    }
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      const end = await connectOnce();
      if (stopping.signal.aborted) return;
      if (performance.now() - startedAt > steadyMs) backoff.reset();
      const waitMs = end.final ? finalRetryMs : backoff.next();
      log[end.final ? 'error' : 'warn']('not connected', { reason: end.reason, retryInMs: waitMs });
      listener({
        state: end.final ? 'refused' : 'waiting',
        text: end.final ? `The console refuses this sensor: ${end.reason}` : end.reason,
      });
      await pause(waitMs, stopping.signal);
    }
  };
  const done = loop().catch((error: unknown) => log.error('the uplink ended', { error: messageOf(error) }));
  store.onWaiting(() => link?.wake());
  telemetry?.onWaiting(() => link?.wake());

  return {
    isConnected: () => link !== undefined,
    wake: () => link?.wake(),
    onChange: (callback) => {
      listener = callback;
    },
    stop: async (reason) => {
      stopping.abort();
      await link?.leave(reason);
      await done;
    },
  };
};

/** What a connection asks for and tells, bound to the state that outlives it. */
const createHandlers = (deps: UplinkDeps, connected: () => void): LinkHandlers => {
  const { clock, log, store, stream, telemetry, policy, renewal } = deps;
  const followed = () => (policy === undefined ? {} : { policy: policy.followed() });
  const measure = deps.usage ?? createSelfUsage();
  return {
    hello: () => ({
      kind: 'hello',
      protocol: protocolVersions,
      ...deps.run,
      sentAt: clock.now(),
      inventory: stream.acknowledged(),
      ...(telemetry === undefined ? {} : { telemetry: telemetry.position() }),
      ...followed(),
      ...(deps.look === undefined ? {} : { looks: true }),
    }),
    heartbeat: (): SensorMessage['control'] => ({
      kind: 'heartbeat',
      sentAt: clock.now(),
      ...measure(),
      ...stream.sent(),
      queued: store.waiting(),
      queueAgeMs: store.waitingAgeMs(),
      ...followed(),
    }),
    onWelcome: async (welcome: Welcome) => {
      await stream.resume(welcome.inventory);
      telemetry?.resume(welcome.telemetry);
      deps.tasks.connected();
      log.info('connected', { hostId: welcome.hostId, consoleVersion: welcome.consoleVersion });
      connected();
    },
    onFlow: (flow) => {
      if (flow.channel === 'inventory') stream.grant(flow);
      if (flow.channel === 'telemetry') telemetry?.grant(flow);
    },
    onResync: async (reason) => {
      log.info('the console asks for a snapshot', { reason });
      await stream.restart();
    },
    onRenewed: async (certificatePem) => {
      await renewal.accept(certificatePem);
      log.info('certificate renewed');
    },
    onPolicy: async (told) => policy?.follow(told),
    onLook: (look, send) => deps.look?.(look, send),
    onOrder: deps.tasks.onOrder,
    onBulk: deps.tasks.onBulk,
    onTick: (sendControl) => {
      store.promote();
      if (stream.needsRestart()) void stream.restart();
      const certificateRequestPem = renewal.request(clock.now());
      if (certificateRequestPem !== undefined) sendControl({ kind: 'renew', certificateRequestPem });
    },
  };
};

const isFinal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'channel-refused' || error.code === 'wrong-pin');
