import { z } from 'zod';
import { SensorArchitecture, SensorCommands, SensorPackageKind } from './api/delivery.ts';
import { FeedStatus } from './api/feeds.ts';
import { forensicRoutes } from './api/forensics.ts';
import { huntRoutes } from './api/hunt.ts';
import { SystemStatus } from './api/system.ts';

/**
 * What the command line and the console of one machine say to each other: over IPC while it starts, and as HTTP with JSON
 * over a unix socket in the data folder afterwards. The socket lies in a folder only its owner (and root) may enter; whoever
 * reaches it may do what it offers.
 */

/** In the folder of the advisory databases: the version that the console uses, for who matches without asking it. */
export const activeAdvisoriesFile = 'active';

/** Path of the control socket below the data folder. */
export const controlSocketPath = 'run/control.sock';

/** Sent by a started console or sensor to its parent. */
export const ChildMessage = z.discriminatedUnion('kind', [
  /** A step that takes a while has begun. */
  z.object({ kind: z.literal('step'), text: z.string().max(512) }),
  z.object({ kind: z.literal('ready'), addresses: z.array(z.string()) }),
  /** It cannot start: one plain sentence and what to do. The process exits after it. */
  z.object({ kind: z.literal('failed'), message: z.string().max(4096) }),
  /** Something a person should know, now and once. */
  z.object({ kind: z.literal('notice'), text: z.string().max(1024) }),
]);
export type ChildMessage = z.infer<typeof ChildMessage>;

export const AdminLinkAnswer = z.object({
  /** Absent when there is nobody to make a link for, e.g. an unknown user. */
  url: z.string(),
  expiresAt: z.iso.datetime(),
  purpose: z.enum(['first-admin', 'reset']),
});
export type AdminLinkAnswer = z.infer<typeof AdminLinkAnswer>;

export const LocalEnrolment = z.object({ consoleUrl: z.string(), authorityPin: z.string(), key: z.string() });
export type LocalEnrolment = z.infer<typeof LocalEnrolment>;

/** What a backup takes along beside the tables: the publishers' files, the files of events. */
const BackupContents = { withFeeds: z.boolean(), withEvents: z.boolean().default(false) };

/** Routes of the control socket: method, path, request and answer. */
export const controlRoutes = {
  status: {
    method: 'GET',
    path: '/status',
    request: undefined,
    answer: SystemStatus.extend({ firstAdminNeeded: z.boolean() }),
  },
  /** Whom to trust that this is the console: the certificate of its authority, PEM, without its key. */
  authority: {
    method: 'GET',
    path: '/authority',
    request: undefined,
    answer: z.object({ certificatePem: z.string() }),
  },
  /** For the first admin while there is none, else to reset `username`. */
  adminLink: {
    method: 'POST',
    path: '/admin-link',
    request: z.object({ username: z.string().max(64).optional() }),
    answer: AdminLinkAnswer,
  },
  /** A one-use key for the sensor of this machine. */
  localEnrolment: { method: 'POST', path: '/local-enrolment', request: undefined, answer: LocalEnrolment },
  /** A key for hosts of a network zone, e.g. for a simulated fleet. */
  enrolmentKey: {
    method: 'POST',
    path: '/enrolment-key',
    request: z.object({
      name: z.string().min(1).max(128),
      zone: z.string().min(1).max(128),
      labels: z.record(z.string().max(256), z.string().max(1024)),
      hours: z.number().positive().max(8760),
      maxUses: z.number().int().min(1).max(100_000).optional(),
    }),
    answer: LocalEnrolment,
  },
  /** Makes a key and what is needed, and answers with the commands, the key in them; may take a minute. */
  sensorCommand: {
    method: 'POST',
    path: '/sensor-command',
    request: z.object({
      architecture: SensorArchitecture.default('x64'),
      kind: SensorPackageKind.default('archive'),
      expiresInHours: z.number().int().min(1).max(8760).default(24),
      maxUses: z.number().int().min(1).max(100_000).optional(),
    }),
    answer: z.object({ commands: SensorCommands, expiresAt: z.iso.datetime() }),
  },
  /** Events that a hunt finds, a page of them. */
  hunt: {
    method: 'POST',
    path: '/hunt',
    request: huntRoutes['hunt.events'].query,
    answer: huntRoutes['hunt.events'].response,
  },
  /** Answers with the archive itself, as it is made. */
  evidence: {
    method: 'POST',
    path: '/evidence',
    request: forensicRoutes['forensics.evidence'].query,
    answer: z.never(),
  },
  feedsStatus: { method: 'GET', path: '/feeds', request: undefined, answer: FeedStatus },
  feedsUpdate: { method: 'POST', path: '/feeds/update', request: undefined, answer: FeedStatus },
  /** The console streams the bundle from the request body. */
  feedsImport: { method: 'POST', path: '/feeds/import', request: undefined, answer: FeedStatus },
  /** Answers with the backup itself, as it is made. */
  backup: {
    method: 'POST',
    path: '/backup',
    request: z.object({ passphrase: z.string().max(1024).optional(), ...BackupContents }),
    answer: z.never(),
  },
} as const;
export type ControlRoutes = typeof controlRoutes;
export type ControlRouteName = keyof ControlRoutes;

export const ControlError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

/** What the command line asks of a console that does not run; the file is open as descriptor 4. */
export const MaintenanceJob = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('backup'), passphrase: z.string().max(1024).optional(), ...BackupContents }),
  z.object({ kind: z.literal('restore'), passphrase: z.string().max(1024).optional(), withoutKeys: z.boolean() }),
  z.object({ kind: z.literal('verify') }),
]);
export type MaintenanceJob = z.infer<typeof MaintenanceJob>;

/** What is said of a backup once it was made, checked or restored. */
export const BackupAnswer = z.object({
  takenAt: z.iso.datetime(),
  program: z.string(),
  console: z.string(),
  tables: z.number().int(),
  rows: z.number().int(),
  sizeBytes: z.number(),
  hasKeys: z.boolean(),
  hasFeeds: z.boolean(),
  hasEvents: z.boolean(),
  /** Of a restore: migrations that were applied to it, and where its keys come from. */
  migrated: z.array(z.string()).optional(),
  keys: z.enum(['restored', 'kept', 'none']).optional(),
});
export type BackupAnswer = z.infer<typeof BackupAnswer>;

export const MaintenanceMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('step'), text: z.string().max(512) }),
  z.object({ kind: z.literal('done'), answer: BackupAnswer }),
  z.object({ kind: z.literal('failed'), code: z.string(), message: z.string().max(4096) }),
]);
export type MaintenanceMessage = z.infer<typeof MaintenanceMessage>;
