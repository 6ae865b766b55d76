import { z } from 'zod';

/** What a process of simulated sensors is told, as one JSON argument. */
export const FleetSettings = z.object({
  consoleUrl: z.url(),
  /** SHA-256 of the authority's public key, as the console gives it. */
  authorityPin: z.string(),
  /** Enrolment keys by network zone. */
  keys: z.record(z.string(), z.string()),
  seed: z.string(),
  /** Hosts of the whole world. */
  sensors: z.number().int().min(1).max(20_000),
  /** The hosts that this process simulates: from the first, up to but not including the last. */
  from: z.number().int().min(0),
  to: z.number().int().min(1),
  /** When the simulated company began, in milliseconds since the Unix epoch. */
  beganAtMs: z.number().int().positive(),
  /** From when on traffic and short-lived programs are told; from the beginning when absent. */
  detailedFromMs: z.number().int().positive().optional(),
  /** From when on events are told: of programs, connections, names, files and logins. None are when absent. */
  eventsFromMs: z.number().int().positive().optional(),
  /** How much faster than in earnest things change. */
  pace: z.number().positive().max(1000).default(1),
  /** Where documents wait, and identities where they are kept. */
  workDir: z.string(),
  /** Identities and markers are kept in files, as real sensors do, so that the process may be killed and started again. */
  keepState: z.boolean().default(false),
  /** Every acknowledged frame is appended here. */
  ledgerFile: z.string().optional(),
  /** Hosts whose sensors lose something now and then. */
  losing: z.array(z.number().int()).default([]),
});
export type FleetSettings = z.output<typeof FleetSettings>;

/** From a process of simulated sensors to whoever started it, every second. */
export const FleetStatus = z.object({
  kind: z.literal('status'),
  sensors: z.number(),
  enrolled: z.number(),
  connected: z.number(),
  /** Sensors with nothing that waits or is unacknowledged. */
  drained: z.number(),
  acknowledgedFrames: z.number(),
  /** Events that were made since the start of this process. */
  producedEvents: z.number(),
  /** Nothing changes any more, so that a sensor that is drained stays so. */
  hushed: z.boolean(),
  problem: z.string().optional(),
});
export type FleetStatus = z.infer<typeof FleetStatus>;

/** To it. `hush`: nothing changes any more, what waits is still sent. */
export const FleetOrder = z.object({ kind: z.enum(['hush', 'stop']) });
export type FleetOrder = z.infer<typeof FleetOrder>;
