import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { AppError, messageOf } from '@parapet/core';

const keptErrorBytes = 4096;

/** Runs Docker's command line on one name. Throws AppError with Docker's own words. */
export const runDocker = async (args: readonly string[], reference: string, signal: AbortSignal): Promise<void> => {
  const { stdout, succeeded } = streamDocker(args, reference, signal);
  stdout.resume();
  await succeeded;
};

/** The same, with its output as a stream; `succeeded` settles when it has ended. */
export const streamDocker = (
  args: readonly string[],
  reference: string,
  signal: AbortSignal,
): { readonly stdout: Readable; readonly succeeded: Promise<void> } => {
  // A name that begins with a dash would be read as an option.
  if (!/^[a-zA-Z0-9][\w.\-/:@]*$/.test(reference))
    throw new AppError('usage', 400, `${JSON.stringify(reference)} is no name of an image or container.`);
  const child = spawn('docker', [...args, reference], { stdio: ['ignore', 'pipe', 'pipe'], signal });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-keptErrorBytes);
  });
  const succeeded = new Promise<void>((resolve, reject) => {
    child.on('error', (error) => {
      if (signal.aborted) reject(error);
      else reject(noDocker(reference, error));
    });
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new AppError('no-target', 400, `Docker cannot give ${reference}: ${said.trim() || `exit code ${code}`}`),
        );
    });
  });
  // Whoever reads the stream awaits this after it; until then a failure is no unhandled one.
  succeeded.catch(() => undefined);
  return { stdout: child.stdout, succeeded };
};

const noDocker = (reference: string, error: Error): AppError =>
  new AppError(
    'no-target',
    400,
    `There is no folder or file ${reference}, and Docker’s command line is not here to ask for it (${messageOf(error)}). An image of a registry is read without Docker: registry:${reference}`,
    { cause: error },
  );
