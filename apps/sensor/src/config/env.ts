import { z } from 'zod';

const text = z.string().trim().min(1).max(4096).optional();

/** The environment variables the sensor knows; no other file reads `process.env`. Empty ones count as absent. */
export const SensorEnv = z.object({
  /** Addresses of the console, best first, separated by commas. */
  PARAPET_CONSOLE_URL: text,
  /** SHA-256 of the authority's public key, hex or base64. */
  PARAPET_AUTHORITY_PIN: text,
  /** Never an argument: those are readable by everyone on the host. */
  PARAPET_ENROLMENT_KEY: text,
  PARAPET_STATE_DIR: text,
  /** Where the host's file system is, for a sensor in a container. */
  PARAPET_HOST_ROOT: text,
  /** `1`: enrol and end. */
  PARAPET_ENROL_ONLY: text,
  PARAPET_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  /** `off`: ask no cloud for its metadata. */
  PARAPET_CLOUD_METADATA: text,
  /** The most memory and processor time it may use with its children, e.g. `256M` and `0.2`; `off` for no limit. */
  PARAPET_MEMORY_LIMIT: text,
  PARAPET_CPU_LIMIT: text,
  /** `off`: no program of ours looks at system calls. */
  PARAPET_SYSTEM_CALLS: text,
  /** Where the chain of sources of what processes do begins. */
  PARAPET_EVENT_SOURCE: text,
  /** When the kernel's audit may be used: while nobody else uses it, also beside others, never. */
  PARAPET_AUDIT: z.enum(['unused', 'shared', 'off']).optional(),
  /** Folders whose files are watched, separated by commas; `off` for none. */
  PARAPET_WATCHED_PATHS: text,
  /** Folders below which the content of watched files is followed by its hash; `off` for none. */
  PARAPET_HASHED_PATHS: text,
  /** `1` in our container image: the program comes with it. */
  PARAPET_CONTAINER: text,
  DOCKER_HOST: text,
  HTTPS_PROXY: text,
  https_proxy: text,
  NO_PROXY: text,
  no_proxy: text,
  HOME: text,
});
export type SensorEnv = z.infer<typeof SensorEnv>;

export const readEnv = (env: Readonly<Record<string, string | undefined>>): SensorEnv =>
  SensorEnv.parse(Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim() !== '')));
