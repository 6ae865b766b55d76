import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError, type Clock } from '@parapet/core';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { clientConfig, type DatabaseAddress } from '../database/connect.ts';
import { holdEventFiles } from '../telemetry/event-files.ts';
import { type ArchiveWriter, createArchiveWriter, type Sink } from './archive-writer.ts';
import {
  type CatalogueTable,
  copyTarget,
  quoteIdentifier,
  readSchema,
  readSequences,
  readTables,
} from './catalogue.ts';
import {
  type BackupFile,
  type BackupHeader,
  BackupManifest,
  type BackupMember,
  type BackupOrigin,
  type BackupTable,
  backupFormat,
  memberNames,
} from './format.ts';
import { cutIntoParts } from './part-cutter.ts';
import { type ConsoleKeys, sealKeys } from './sealed-keys.ts';

export type BackupProgress = { readonly step: string /** 0 to 1, by the tables' sizes. */; readonly done: number };

export type BackupRequest = {
  readonly address: DatabaseAddress;
  readonly clock: Clock;
  readonly program: string;
  readonly consoleName: string;
  readonly origin: BackupOrigin;
  /** Without a passphrase the keys are left out. */
  readonly keys: { readonly content: ConsoleKeys; readonly passphrase: string } | undefined;
  /** Takes the publishers' files along, from which the advisory database is made. */
  readonly feedsDir: string | undefined;
  /** Takes the files of events along: below this folder, after what waits to come into them has. */
  readonly events: { readonly dataFolder: string; readonly settle: (() => Promise<void>) | undefined } | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Writes everything that a console knows, as of one moment: all tables in one read-only transaction whose view no writer
 * changes and which no writer waits for. Holds a few MiB in memory, whatever the size. Throws AppError `no-data` for a
 * database that no console has used.
 */
export const writeBackup = async (request: BackupRequest, sink: Sink): Promise<BackupManifest> => {
  const takenAt = new Date(request.clock.now());
  const archive = createArchiveWriter(sink, takenAt);
  const client = new pg.Client({ ...clientConfig(request.address), application_name: 'parapet-backup' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const stopped = (): void => request.signal?.throwIfAborted();
    // After the stated moment and before the one that is read: what was acknowledged until then is in the files.
    await request.events?.settle?.();
    const { tables, header } = await beginReading(client, request, takenAt);
    await using held =
      request.events === undefined ? undefined : await holdEventFiles(client, request.events.dataFolder);
    await archive.add(memberNames.header, Buffer.from(`${JSON.stringify(header, undefined, 1)}\n`));
    const written: BackupTable[] = [];
    const total = tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    let before = 0;
    for (const table of tables) {
      request.onProgress?.({ step: table.name, done: total === 0 ? 0 : before / total });
      written.push(await writeTable(client, archive, table, stopped));
      before += table.sizeBytes;
    }
    const sequences = await readSequences(client);
    await client.query('commit');
    const files = request.feedsDir === undefined ? [] : await writeFeedSources(archive, request.feedsDir, stopped);
    for (const { path, heldAt } of held?.files ?? []) {
      request.onProgress?.({ step: path, done: 1 });
      files.push(...(await writeFile(archive, path, heldAt, stopped)));
    }
    if (request.keys !== undefined) {
      const { content, passphrase } = request.keys;
      await archive.add(memberNames.keys, await sealKeys(content, passphrase, boundHash(archive.members())));
    }
    const manifest: BackupManifest = {
      ...header,
      finishedAt: new Date(request.clock.now()).toISOString(),
      members: [...archive.members()],
      tables: written,
      sequences: [...sequences],
      files,
      hasEvents: held !== undefined,
      hasKeys: request.keys !== undefined,
    };
    await writeManifest(archive, manifest);
    return manifest;
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** What the sealed keys are bound to: every member before them, by name and content. */
export const boundHash = (members: readonly BackupMember[]): Buffer =>
  createHash('sha256')
    .update(members.map(({ name, sha256 }) => `${sha256} ${name}\n`).join(''))
    .digest();

const beginReading = async (
  client: pg.Client,
  request: BackupRequest,
  takenAt: Date,
): Promise<{ readonly tables: readonly CatalogueTable[]; readonly header: BackupHeader }> => {
  await client.query('set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set datestyle = iso');
  await client.query('begin isolation level repeatable read read only');
  const schema = await readSchema(client);
  if (schema.length === 0)
    throw new AppError('no-data', 409, 'There is nothing to back up: no console has used this database yet.');
  const tables = await readTables(client);
  // Nobody changes their layout meanwhile; everybody may write.
  await client.query(
    `lock table ${tables.map(({ name }) => `public.${quoteIdentifier(name)}`).join(', ')} in access share mode`,
  );
  const version = await client.query<{ major: number }>(
    "select current_setting('server_version_num')::int / 10000 as major",
  );
  return {
    tables,
    header: {
      format: backupFormat,
      id: randomUUID(),
      takenAt: takenAt.toISOString(),
      program: request.program,
      schema: [...schema],
      origin: request.origin,
      console: request.consoleName,
      postgres: version.rows[0]?.major ?? 0,
    },
  };
};

const writeTable = async (
  client: pg.Client,
  archive: ArchiveWriter,
  table: CatalogueTable,
  stopped: () => void,
): Promise<BackupTable> => {
  const stream = client.query(copyTo(`copy ${copyTarget(table)} to stdout (format binary)`));
  const { bytes, parts } = await cutIntoParts(stream, async (part, content) => {
    stopped();
    await archive.add(memberNames.tablePart(table.name, part), content);
  });
  return { name: table.name, columns: [...table.columns], rows: stream.rowCount, bytes, parts };
};

/** The list comes last: a file that is replaced meanwhile is then missing in the list and not named without being there. */
const writeFeedSources = async (
  archive: ArchiveWriter,
  feedsDir: string,
  stopped: () => void,
): Promise<BackupFile[]> => {
  const folder = join(feedsDir, 'sources');
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const files: BackupFile[] = [];
  for (const name of [...names, 'state.json']) {
    files.push(...(await writeFile(archive, `feeds/sources/${name}`, join(folder, name), stopped)));
  }
  return files;
};

/** Nothing when it is not there, or empty. */
const writeFile = async (
  archive: ArchiveWriter,
  path: string,
  from: string,
  stopped: () => void,
): Promise<readonly BackupFile[]> => {
  const { bytes, parts } = await cutIntoParts(readIfThere(from), async (part, content) => {
    stopped();
    await archive.add(memberNames.filePart(basename(path), part), content);
  });
  return parts === 0 ? [] : [{ path, bytes, parts }];
};

async function* readIfThere(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

const writeManifest = async (archive: ArchiveWriter, manifest: BackupManifest): Promise<void> => {
  // What no restore would take must not look like a backup.
  const text = Buffer.from(JSON.stringify(BackupManifest.parse(manifest)));
  await archive.add(memberNames.manifest, text);
  await archive.add(memberNames.manifestHash, Buffer.from(`${createHash('sha256').update(text).digest('hex')}\n`));
  await archive.end();
};
