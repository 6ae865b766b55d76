import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { AppError, parseJson } from '@parapet/core';
import { type ArchiveEntry, brokenBackup, listEntries, type RandomAccess, readEntry } from './archive-reader.ts';
import { BackupHeader, BackupManifest, backupLimits, memberNames, writerOfNewerFormat } from './format.ts';

/** A backup whose every byte was checked, and where its members lie. */
export type VerifiedBackup = {
  readonly manifest: BackupManifest;
  readonly entries: ReadonlyMap<string, ArchiveEntry>;
  readonly sizeBytes: number;
};

/**
 * Reads a backup from end to end and compares every member with the manifest, and the manifest with its hash. Throws AppError
 * `backup-broken` or, naming the version that wrote it, `newer-backup`.
 */
export const verifyBackup = async (
  file: RandomAccess,
  onProgress?: (bytes: number) => void,
): Promise<VerifiedBackup> => {
  const entries = new Map<string, ArchiveEntry>();
  const hashes = new Map<string, string>();
  let manifestText: Buffer | undefined;
  let manifestHash = '';
  let header: BackupHeader | undefined;
  let sizeBytes = 0;
  for await (const entry of listEntries(file)) {
    const isManifest = entry.name === memberNames.manifest;
    const content = await readEntry(file, entry, isManifest ? backupLimits.manifestBytes : backupLimits.memberBytes);
    if (entries.has(entry.name)) throw brokenBackup(`it has ${entry.name} twice`);
    header ??= readHeader(entry, content);
    entries.set(entry.name, entry);
    if (isManifest) manifestText = content;
    if (entry.name === memberNames.manifestHash) manifestHash = content.toString('latin1').trim();
    hashes.set(entry.name, createHash('sha256').update(content).digest('hex'));
    sizeBytes = entry.position + entry.bytes;
    onProgress?.(sizeBytes);
  }
  if (header === undefined) throw brokenBackup('it is empty');
  if (manifestText === undefined || manifestHash === '') throw brokenBackup('its end is missing');
  if (hashes.get(memberNames.manifest) !== manifestHash) throw brokenBackup('its list of contents is damaged');
  const manifest = parseJson(manifestText.toString('utf8'), BackupManifest);
  if (!manifest.ok) throw brokenBackup(`its list of contents cannot be read (${manifest.error.message})`);
  compare(manifest.value, entries, hashes);
  return { manifest: manifest.value, entries, sizeBytes };
};

const readHeader = (entry: ArchiveEntry, content: Buffer): BackupHeader => {
  if (entry.name !== memberNames.header) throw brokenBackup('it is no archive of Parapet');
  const text = content.toString('utf8');
  const parsed = parseJson(text, BackupHeader);
  if (parsed.ok) return parsed.value;
  const writer = writerOfNewerFormat(text);
  if (writer === undefined) throw brokenBackup('its beginning is damaged');
  throw newerBackup(writer);
};

export const newerBackup = (program: string): AppError =>
  new AppError(
    'newer-backup',
    409,
    `This backup was written by Parapet ${program}, which is newer than this program. Restore it with that version or a later one. Nothing was changed.`,
  );

const compare = (
  manifest: BackupManifest,
  entries: ReadonlyMap<string, ArchiveEntry>,
  hashes: ReadonlyMap<string, string>,
): void => {
  // The manifest and its hash are members too.
  if (manifest.members.length + 2 !== entries.size) throw brokenBackup('it has more or fewer members than it lists');
  for (const { name, bytes, sha256 } of manifest.members) {
    if (entries.get(name)?.bytes !== bytes || hashes.get(name) !== sha256) throw brokenBackup(`${name} is damaged`);
  }
  const has = (name: string): boolean => entries.has(name);
  const whole = [
    ...manifest.tables.map(({ name, parts }) => ({
      parts,
      nameOf: (part: number) => memberNames.tablePart(name, part),
    })),
    ...manifest.files.map(({ path, parts }) => ({
      parts,
      nameOf: (part: number) => memberNames.filePart(basename(path), part),
    })),
  ].every(({ parts, nameOf }) => Array.from({ length: parts }, (_, index) => nameOf(index + 1)).every(has));
  if (!whole || manifest.hasKeys !== has(memberNames.keys)) throw brokenBackup('it lacks members that it lists');
};
