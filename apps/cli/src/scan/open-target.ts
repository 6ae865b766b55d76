import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sbom } from '@parapet/contract';
import { AppError, execArgv, type Problem } from '@parapet/core';
import { type FileSystem, openDirectory, openImageArchive } from '@parapet/sbom';

export type OpenedTarget = AsyncDisposable & {
  readonly target: Sbom['target'];
  readonly fileSystem: FileSystem;
  readonly problems: readonly Problem[];
};

/**
 * Opens what a person names: a folder (the root of a system), an archive of `docker save` or an OCI layout, or else an image
 * of the local Docker. Throws AppError with a sentence that says what was looked for.
 */
export const openTarget = async (name: string, say: (text: string) => void): Promise<OpenedTarget> => {
  const info = await stat(name).catch(() => undefined);
  if (info?.isDirectory() === true) {
    const opened = await openDirectory(name);
    if (!opened.ok) throw new AppError(opened.error.code, 400, opened.error.message);
    const fileSystem = opened.value;
    return {
      target: { kind: name === '/' ? 'host' : 'directory', name },
      fileSystem,
      problems: [],
      [Symbol.asyncDispose]: () => fileSystem[Symbol.asyncDispose](),
    };
  }
  if (info?.isFile() === true) return openArchive(name, { kind: 'archive', name }, async () => undefined);
  if (info !== undefined) throw new AppError('usage', 400, `${name} is neither a folder nor a file.`);
  return openDockerImage(name, say);
};

const openArchive = async (
  path: string,
  target: Sbom['target'],
  remove: () => Promise<void>,
): Promise<OpenedTarget> => {
  const opened = await openImageArchive(path);
  if (!opened.ok) {
    await remove();
    throw new AppError(
      opened.error.code,
      400,
      `${target.name} could not be read as an image archive: ${opened.error.message}`,
    );
  }
  const { fileSystem, problems } = opened.value;
  return {
    target,
    fileSystem,
    problems,
    [Symbol.asyncDispose]: async () => {
      await fileSystem[Symbol.asyncDispose]();
      await remove();
    },
  };
};

const saveLimitMs = 15 * 60_000;

const openDockerImage = async (reference: string, say: (text: string) => void): Promise<OpenedTarget> => {
  // A name that begins with a dash would be read as an option.
  if (!/^[a-zA-Z0-9][\w.\-/:@]*$/.test(reference))
    throw new AppError('usage', 400, `There is no folder or file ${reference}.`);
  const dir = await mkdtemp(join(tmpdir(), 'parapet-scan-'));
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true });
  const file = join(dir, 'image.tar');
  say(`Saving the image ${reference} from Docker`);
  try {
    const outcome = await execArgv(['docker', 'save', '--output', file, reference], { timeoutMs: saveLimitMs });
    if (outcome.exitCode !== 0)
      throw new AppError(
        'no-target',
        400,
        `There is no folder or file ${reference}, and Docker says: ${outcome.stderr.trim()}`,
      );
  } catch (error) {
    await remove();
    if (error instanceof AppError) throw error;
    throw new AppError(
      'no-target',
      400,
      `There is no folder or file ${reference}, and Docker’s command line is not here to ask for an image of that name.`,
      { cause: error },
    );
  }
  return openArchive(file, { kind: 'image', name: reference }, remove);
};
