import { writeFile } from 'node:fs/promises';
import { AppError, messageOf } from '@parapet/core';
import type { ScanFormat } from './formats/format.ts';
import { formats } from './formats/registry.ts';

/** A document to write, to standard output where no file is named. */
export type Destination = { readonly format: ScanFormat; readonly file: string | undefined };

/** Reads `sarif` or `sarif=report.sarif`. Throws AppError `usage`. */
export const parseDestinations = (
  texts: readonly string[],
  allowed: readonly ScanFormat[] = formats,
): readonly Destination[] => {
  const destinations = texts.map((text): Destination => {
    const [name = '', file] = splitOnce(text);
    const format = allowed.find((candidate) => candidate.name === name);
    if (format === undefined || file === '')
      throw new AppError(
        'usage',
        400,
        `-o takes ${allowed.map((one) => one.name).join(', ')}, each also as NAME=FILE.`,
      );
    return { format, file };
  });
  if (destinations.filter(({ file }) => file === undefined).length > 1)
    throw new AppError(
      'usage',
      400,
      'Only one output can go to standard output; give the others a file: -o NAME=FILE.',
    );
  return destinations;
};

const splitOnce = (text: string): [string, string | undefined] => {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
};

/** Writes whole documents; standard output is drained before this resolves. Throws AppError for a file that cannot be written. */
export const writeDocument = async (text: string, file: string | undefined): Promise<void> => {
  if (file === undefined) {
    await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
    return;
  }
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new AppError('not-written', 400, `The output ${file} could not be written: ${messageOf(error)}`);
  }
};
