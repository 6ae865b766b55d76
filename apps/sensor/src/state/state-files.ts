import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, makeFolderDurably, messageOf, parseJson, readFileBounded, writeFileDurably } from '@parapet/core';
import { z } from 'zod';

/** What this host is to the console. The private key is in it: 0600. */
export const Identity = z.object({
  format: z.literal(1),
  hostId: z.uuid(),
  consoleUrl: z.string(),
  authorityPem: z.string(),
  keyPem: z.string(),
  certificatePem: z.string(),
});
export type Identity = z.infer<typeof Identity>;

/** The run of a sensor process, kept so that the next one can say how it ended. */
export const RunMarker = z.object({
  format: z.literal(1),
  runId: z.uuid(),
  lastAliveAt: z.number().int().nonnegative(),
  clean: z.boolean(),
  /** Why it ended, where that was known before. */
  cause: z.string().max(64).optional(),
  detail: z.string().max(512).optional(),
  /** How often the kernel had ended a process for want of memory when the run began: in the sensor's own group, on the host. */
  groupKills: z.number().int().nonnegative().optional(),
  hostKills: z.number().int().nonnegative().optional(),
  bootId: z.string().max(64).optional(),
});
export type RunMarker = z.infer<typeof RunMarker>;

/** The last epoch of the inventory stream that any run used. */
export const StreamMarker = z.object({ format: z.literal(1), epoch: z.number().int().nonnegative() });
export type StreamMarker = z.infer<typeof StreamMarker>;

/** The files of a state folder itself. Who uninstalls the sensor removes each of them by name: see deploy/sensor. */
export const stateFileNames = [
  'identity.json',
  'run.json',
  'stream.json',
  'tasks.json',
  'telemetry-policy.json',
  'logins.json',
  'container-logins.json',
  'accounts.json',
  'audit.json',
] as const;
/** The last lies in a folder of its own. */
export type StateFileName = (typeof stateFileNames)[number] | 'record.json';

/** One small JSON file, replaced durably, readable by its owner only. */
export type StateFile<T> = {
  /** `undefined` when there is none. Throws an `AppError` when it is there but cannot be understood. */
  readonly read: () => Promise<T | undefined>;
  readonly write: (value: T) => Promise<void>;
  readonly remove: () => Promise<void>;
};

const stateFileBytes = 1024 * 1024;
const newestFormat = 1;
const Versioned = z.object({ format: z.number().int() });

export const createStateFile = <S extends z.ZodType>(
  stateDir: string,
  name: StateFileName,
  schema: S,
): StateFile<z.output<S>> => {
  const path = join(stateDir, name);
  let writing: Promise<void> = Promise.resolve();
  return {
    read: async () => {
      const content = await readFileBounded(path, stateFileBytes);
      if (!content.ok) {
        if (content.error.code === 'enoent') return undefined;
        throw broken(path, content.error.message);
      }
      const text = content.value.toString('utf8');
      const parsed = parseJson(text, schema);
      if (parsed.ok) return parsed.value;
      const versioned = parseJson(text, Versioned);
      if (versioned.ok && versioned.value.format > newestFormat) {
        throw new AppError(
          'state-newer',
          500,
          `${path} was written by a newer sensor (format ${versioned.value.format}): run that version, or newer.`,
        );
      }
      throw broken(path, parsed.error.message);
    },
    write: (value) => {
      // One after another: two writers at once would share a temporary file.
      writing = writing.catch(() => undefined).then(() => writeFileDurably(path, JSON.stringify(value)));
      return writing;
    },
    remove: async () => {
      await unlink(path).catch((error: unknown) => {
        if (!messageOf(error).includes('ENOENT')) throw error;
      });
    },
  };
};

/** Makes the state folder, for its owner only. */
export const prepareStateDir = async (stateDir: string): Promise<void> => {
  try {
    await makeFolderDurably(stateDir);
  } catch (error) {
    throw new AppError(
      'state-dir',
      500,
      `The state folder ${stateDir} cannot be made (${messageOf(error)}): set PARAPET_STATE_DIR to a folder you may write.`,
    );
  }
};

const broken = (path: string, detail: string): AppError =>
  new AppError(
    'state-broken',
    500,
    `${path} cannot be used: ${detail} Restore it, or remove it to enrol this host anew.`,
  );
