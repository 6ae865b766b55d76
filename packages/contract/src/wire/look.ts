import { z } from 'zod';

/**
 * What a process has open now, asked by a person and answered at once over the control channel. Nothing of it is kept: when the
 * connection ends meanwhile, it is asked again. Only a sensor whose hello says that it can is asked.
 */
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const text = z.string().max(4096);

export const lookLimits = {
  /** Of one container. */
  processes: 64,
  descriptors: 1024,
  libraries: 256,
  /** Of one process as JSON, so that it fits a frame even where nothing of it can be compressed. */
  processBytes: 48 * 1024,
} as const;

export const LookTarget = z.discriminatedUnion('kind', [
  /** `<pid>:<start ticks>`: one that ended, or whose pid is another's by now, is not there. */
  z.object({ kind: z.literal('process'), process: z.string().regex(/^\d{1,10}:\d{1,20}$/) }),
  z.object({ kind: z.literal('container'), runtimeId: z.string().min(1).max(128) }),
]);
export type LookTarget = z.infer<typeof LookTarget>;

export const Look = z.object({ kind: z.literal('look'), lookId: z.uuid(), target: LookTarget });
export type Look = z.infer<typeof Look>;

export const OpenFile = z.object({
  descriptor: count,
  /** A path as the process sees it, or the kernel's word for what is none, e.g. `pipe:[123]`. */
  path: text,
  access: z.enum(['read', 'write', 'read-write']).optional(),
  deleted: z.boolean().optional(),
});
export type OpenFile = z.infer<typeof OpenFile>;

export const OpenSocket = z.object({
  descriptor: count,
  /** `unknown`: of a family that is not looked up, or gone meanwhile. */
  protocol: z.enum(['tcp', 'udp', 'unix', 'unknown']),
  state: z.string().max(32).optional(),
  localAddress: z.string().max(64).optional(),
  localPort: z.number().int().min(0).max(65_535).optional(),
  remoteAddress: z.string().max(64).optional(),
  remotePort: z.number().int().min(0).max(65_535).optional(),
  /** Of a unix socket. */
  path: text.optional(),
});
export type OpenSocket = z.infer<typeof OpenSocket>;

export const LookedProcess = z.object({
  /** `<pid>:<start ticks>`. */
  id: z.string().max(64),
  pid: count,
  parentPid: count,
  name: z.string().max(64),
  /** The kernel's letter, e.g. `S` for one that sleeps. */
  state: z.string().max(8),
  executable: text,
  /** Secrets masked. */
  arguments: z.array(text).max(256),
  workingDirectory: text.optional(),
  root: text.optional(),
  userId: count,
  /** Effective capabilities in hex; empty for none. */
  capabilities: z.string().max(16),
  cgroup: text.optional(),
  files: z.array(OpenFile).max(lookLimits.descriptors),
  sockets: z.array(OpenSocket).max(lookLimits.descriptors),
  libraries: z.array(text).max(lookLimits.libraries),
  /** What is not whole, in words. */
  limits: z.array(z.string().max(256)).max(16),
});
export type LookedProcess = z.infer<typeof LookedProcess>;

/** One process, or with `end` the last word: how many more there are, or why nothing could be seen. */
export const LookAnswer = z.object({
  kind: z.literal('look-answer'),
  lookId: z.uuid(),
  process: LookedProcess.optional(),
  end: z.object({ left: count, problem: z.string().max(512).optional() }).optional(),
});
export type LookAnswer = z.infer<typeof LookAnswer>;
