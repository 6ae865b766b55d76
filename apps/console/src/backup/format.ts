import { parseJson } from '@parapet/core';
import { z } from 'zod';
import { eventFilePattern } from '../telemetry/event-files.ts';

/**
 * A backup is a plain tar archive, so that it can be looked into without Parapet: `backup.json` first (who wrote what, when),
 * then each table as its `COPY ... BINARY` stream cut into zstd parts of bounded size, kept files likewise, the sealed keys,
 * and last `manifest.json`, which holds size and SHA-256 of every member, followed by the manifest's own hash.
 */
export const backupFormat = 'parapet-backup/1';

export const memberNames = {
  header: 'backup.json',
  keys: 'keys.sealed',
  manifest: 'manifest.json',
  manifestHash: 'manifest.sha256',
  tablePart: (table: string, part: number): string => `tables/${table}/${partNumber(part)}.zst`,
  filePart: (file: string, part: number): string => `files/${file}/${partNumber(part)}.zst`,
} as const;

const partNumber = (part: number): string => String(part).padStart(6, '0');

export const backupLimits = {
  /** Bytes of a stream in one part, before compression: what making and restoring hold in memory. */
  partBytes: 4 * 1024 * 1024,
  /** A part that does not compress is a little larger than it was. */
  memberBytes: 5 * 1024 * 1024,
  headerBytes: 256 * 1024,
  manifestBytes: 128 * 1024 * 1024,
  members: 1_000_000,
  files: 100_000,
} as const;

const Bytes = z.number().int().nonnegative();
const Parts = Bytes.max(backupLimits.members);
const Name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);
const Instant = z.iso.datetime();

export const BackupOrigin = z.enum(['manual', 'scheduled', 'before-upgrade']);
export type BackupOrigin = z.infer<typeof BackupOrigin>;

export const BackupHeader = z.object({
  format: z.literal(backupFormat),
  id: z.uuid(),
  /** Not after the moment that the data is of. */
  takenAt: Instant,
  /** The version of Parapet that wrote it. */
  program: z.string().max(64),
  /** Names of the migrations that made the schema, in order. */
  schema: z.array(z.string().max(128)).min(1).max(10_000),
  origin: BackupOrigin,
  /** The console's name. */
  console: z.string().max(256),
  postgres: z.number().int().positive(),
});
export type BackupHeader = z.infer<typeof BackupHeader>;

export const BackupTable = z.object({
  name: Name,
  columns: z.array(Name).min(1).max(1600),
  rows: Bytes,
  /** Of the stream, before compression. */
  bytes: Bytes,
  parts: Parts,
});
export type BackupTable = z.infer<typeof BackupTable>;

/** A file of the data folder, by its path there. */
export const BackupFile = z.object({
  path: z
    .string()
    .refine((path) => /^feeds\/sources\/(state\.json|[0-9a-f]{64})$/.test(path) || eventFilePattern.test(path)),
  bytes: Bytes,
  parts: Parts,
});
export type BackupFile = z.infer<typeof BackupFile>;

export const BackupMember = z.object({
  name: z.string().max(99),
  bytes: Bytes,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackupMember = z.infer<typeof BackupMember>;

export const BackupManifest = BackupHeader.extend({
  finishedAt: Instant,
  members: z.array(BackupMember).max(backupLimits.members),
  tables: z.array(BackupTable).max(10_000),
  /** Where the counters of the tables stand, by table and column. */
  sequences: z.array(z.object({ table: Name, column: Name, last: Bytes })).max(10_000),
  files: z.array(BackupFile).max(backupLimits.files),
  /** Whether the files of events are in it; backups from before that could not hold them. */
  hasEvents: z.boolean().default(false),
  /** Whether the authority's key and the certificates are in it, sealed by a passphrase. */
  hasKeys: z.boolean(),
});
export type BackupManifest = z.infer<typeof BackupManifest>;

const AnyFormat = z.object({ format: z.string().startsWith('parapet-backup/'), program: z.string().max(64) });

/** The version that wrote a header of a format that this program does not know. */
export const writerOfNewerFormat = (text: string): string | undefined => {
  const read = parseJson(text, AnyFormat);
  return read.ok && read.value.format !== backupFormat ? read.value.program : undefined;
};
