import { join } from 'node:path';
import { AppError, fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { defaultHashedPaths, defaultWatchedPaths, parseWatchedPaths } from '../collectors/files/watched-paths.ts';
import type { AuditTellerDeps } from '../kernel-watch/audit-teller.ts';
import { type EventSource, eventSources } from '../kernel-watch/event-source.ts';
import type { LogLevel } from '../log.ts';
import type { Limits } from '../protection/own-group.ts';
import type { SensorEnv } from './env.ts';

export type SensorConfig = {
  /** Console addresses to try, best first; empty when only the stored identity knows one. */
  readonly consoleUrls: readonly string[];
  /** 32 bytes. */
  readonly authorityPin: Buffer | undefined;
  readonly enrolmentKey: string | undefined;
  readonly enrolOnly: boolean;
  readonly stateDir: string;
  readonly dockerSocket: DockerAddress;
  readonly proxy: ProxyConfig | undefined;
  /** Whether the link-local metadata service of a cloud may be asked. */
  readonly cloudMetadata: boolean;
  readonly limits: Limits;
  /** Whether a program in the kernel may look at the number of every system call of the host. */
  readonly systemCalls: boolean;
  /** The best source of what processes do that may be used; those after it may be, too. */
  readonly eventSource: EventSource;
  /** When the kernel's audit may be used, of which a host has one. */
  readonly audit: AuditTellerDeps['sharing'];
  /** Folders of the host and of containers whose files are watched. */
  readonly watchedPaths: readonly string[];
  /** Those of them whose content is followed by its hash. */
  readonly hashedPaths: readonly string[];
  /** Whether this is our container image. */
  readonly isContainer: boolean;
  readonly logLevel: LogLevel;
  readonly isRoot: boolean;
  readonly procPath: string;
  readonly rootPath: string;
};

export type DockerAddress =
  /** `isNamed`: somebody said where it is, so there is one. */
  | { readonly kind: 'socket'; readonly path: string; readonly isNamed: boolean }
  /** Addresses that this sensor does not speak to, and why. */
  | { readonly kind: 'unsupported'; readonly reason: string };

/** Not in a container of ours that was not given the host’s files. */
export const seesHost = ({ isContainer, rootPath }: Pick<SensorConfig, 'isContainer' | 'rootPath'>): boolean =>
  !isContainer || rootPath !== '/';

export type ProxyConfig = { readonly url: URL; readonly except: readonly string[] };

/** Throws an `AppError` with code `bad-config` and a sentence that says what to change. */
export const makeConfig = (env: SensorEnv, user: { readonly isRoot: boolean }): SensorConfig => ({
  consoleUrls: (env.PARAPET_CONSOLE_URL ?? '').split(',').flatMap((text) => consoleUrl(text.trim())),
  authorityPin: env.PARAPET_AUTHORITY_PIN === undefined ? undefined : orThrow(parsePin(env.PARAPET_AUTHORITY_PIN)),
  enrolmentKey: env.PARAPET_ENROLMENT_KEY,
  enrolOnly: env.PARAPET_ENROL_ONLY === '1',
  stateDir: env.PARAPET_STATE_DIR ?? defaultStateDir(env.HOME, user.isRoot),
  dockerSocket: dockerAddress(env.DOCKER_HOST, rootPathOf(env)),
  proxy: proxyConfig(env),
  cloudMetadata: env.PARAPET_CLOUD_METADATA !== 'off',
  limits: {
    memoryBytes: memoryLimit(env.PARAPET_MEMORY_LIMIT),
    cpuCores: cpuLimit(env.PARAPET_CPU_LIMIT),
  },
  systemCalls: env.PARAPET_SYSTEM_CALLS !== 'off',
  eventSource: eventSource(env.PARAPET_EVENT_SOURCE),
  // Who wants the chain to begin there has chosen it.
  audit: env.PARAPET_AUDIT ?? (eventSource(env.PARAPET_EVENT_SOURCE) === 'audit' ? 'unused' : 'off'),
  watchedPaths: paths('PARAPET_WATCHED_PATHS', env.PARAPET_WATCHED_PATHS, defaultWatchedPaths),
  hashedPaths: paths('PARAPET_HASHED_PATHS', env.PARAPET_HASHED_PATHS, defaultHashedPaths),
  isContainer: env.PARAPET_CONTAINER === '1',
  logLevel: env.PARAPET_LOG_LEVEL ?? 'info',
  isRoot: user.isRoot,
  procPath: '/proc',
  rootPath: rootPathOf(env),
});

/** A pin as people paste it: hex with or without colons, or base64, with an optional `sha256:` before it. */
export const parsePin = (text: string): Result<Buffer, Problem> => {
  const bare = text.trim().replace(/^sha-?256(?::|\/\/|\/)/i, '');
  const hex = bare.replaceAll(':', '');
  if (/^[0-9a-f]{64}$/i.test(hex)) return ok(Buffer.from(hex, 'hex'));
  const base64 = Buffer.from(bare, 'base64');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(bare) && base64.length === 32) return ok(base64);
  return fail(
    problem('bad-pin', 'The authority pin is no SHA-256: give the 64 hex digits that the console shows with the key.'),
  );
};

const mebibyte = 1024 * 1024;
/** Twice what a sensor and a scan need together; the rest is page cache, which the kernel takes back first. */
const defaultMemoryBytes = 320 * mebibyte;
/** Less, and it could not scan or be upgraded. */
const leastMemoryBytes = 160 * mebibyte;
const defaultCpuCores = 0.2;
const leastCpuCores = 0.05;

const memoryLimit = (text: string | undefined): number | undefined => {
  if (text === undefined) return defaultMemoryBytes;
  if (text === 'off') return undefined;
  const [, number, unit] = /^(\d{1,6})(M|G)$/i.exec(text) ?? [];
  const bytes = Number(number) * (unit?.toUpperCase() === 'G' ? 1024 : 1) * mebibyte;
  if (Number.isFinite(bytes) && bytes >= leastMemoryBytes) return bytes;
  throw bad(`PARAPET_MEMORY_LIMIT is "${text}": give one like 320M, at least ${leastMemoryBytes / mebibyte}M, or off.`);
};

const cpuLimit = (text: string | undefined): number | undefined => {
  if (text === undefined) return defaultCpuCores;
  if (text === 'off') return undefined;
  const cores = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (cores >= leastCpuCores) return cores;
  throw bad(`PARAPET_CPU_LIMIT is "${text}": give a number of cores like 0.2, at least ${leastCpuCores}, or off.`);
};

const eventSource = (text: string | undefined): EventSource => {
  const found = text === undefined ? 'ebpf' : eventSources.find((name) => name === text);
  if (found !== undefined) return found;
  throw bad(`PARAPET_EVENT_SOURCE is "${text}": give one of ${eventSources.join(', ')}.`);
};

const paths = (name: string, text: string | undefined, byDefault: readonly string[]): readonly string[] => {
  if (text === undefined) return byDefault;
  if (text === 'off') return [];
  const parsed = parseWatchedPaths(text);
  if (!('wrong' in parsed)) return parsed;
  throw bad(`${name}: ${parsed.wrong} Give some like /etc,/home/*/.ssh, or off.`);
};

const bad = (message: string): AppError => new AppError('bad-config', 400, message);

const orThrow = <T>(result: Result<T, Problem>): T => {
  if (result.ok) return result.value;
  throw bad(result.error.message);
};

const consoleUrl = (text: string): string[] => {
  if (text === '') return [];
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'https:') {
    throw bad(`"${text}" is no address of a console: give one like https://console.example:8443.`);
  }
  return [url.origin];
};

const defaultStateDir = (home: string | undefined, isRoot: boolean): string => {
  if (isRoot) return '/var/lib/parapet/sensor';
  if (home === undefined) throw bad('HOME is not set: set PARAPET_STATE_DIR to a folder of your own.');
  return join(home, '.local/share/parapet/sensor');
};

const rootPathOf = (env: SensorEnv): string => {
  const path = env.PARAPET_HOST_ROOT ?? '/';
  if (path.startsWith('/')) return path;
  throw bad(`PARAPET_HOST_ROOT is "${path}", which is no absolute path.`);
};

/** Sockets are named as on the host. From a container its link /var/run would lead astray, and the socket lies in /run. */
const dockerAddress = (host: string | undefined, rootPath: string): DockerAddress => {
  if (host === undefined && rootPath !== '/')
    return { kind: 'socket', path: join(rootPath, 'run/docker.sock'), isNamed: false };
  if (host === undefined) return { kind: 'socket', path: '/var/run/docker.sock', isNamed: false };
  if (host.startsWith('unix://')) {
    return { kind: 'socket', path: join(rootPath, host.slice('unix://'.length)), isNamed: true };
  }
  return {
    kind: 'unsupported',
    reason: `DOCKER_HOST is ${host.slice(0, 200)}, but a sensor watches its own host only: unset it or name a unix socket.`,
  };
};

const proxyConfig = (env: SensorEnv): ProxyConfig | undefined => {
  const text = env.HTTPS_PROXY ?? env.https_proxy;
  if (text === undefined) return undefined;
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.protocol !== 'http:') {
    throw bad('HTTPS_PROXY is no address of a proxy: give one like http://proxy.example:3128.');
  }
  const except = (env.NO_PROXY ?? env.no_proxy ?? '').split(',').map((entry) => entry.trim().toLowerCase());
  return { url, except: except.filter((entry) => entry !== '') };
};
