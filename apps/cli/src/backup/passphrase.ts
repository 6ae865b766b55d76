import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { AppError, readFileBounded, readStreamBounded } from '@parapet/core';

const maxBytes = 4096;

/** From a file, from standard input (`-`), from the environment, or typed; never from an argument, which all of the machine can read. */
export const readPassphrase = async (
  file: string | undefined,
  ask: 'once' | 'twice' | 'never',
): Promise<string | undefined> => {
  if (file !== undefined) return firstLine(await readGiven(file), file);
  const fromEnvironment = process.env['PARAPET_BACKUP_PASSPHRASE'];
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
  if (ask === 'never' || !process.stdin.isTTY) return undefined;
  const typed = await typeIn('Passphrase for the keys in the backup: ');
  if (ask === 'twice' && (await typeIn('Once more: ')) !== typed)
    throw new AppError('usage', 400, 'The two passphrases differ.');
  return typed === '' ? undefined : typed;
};

const readGiven = async (file: string): Promise<string> => {
  const read = file === '-' ? await readStreamBounded(process.stdin, maxBytes) : await readFileBounded(file, maxBytes);
  if (!read.ok) throw new AppError('usage', 400, `The passphrase could not be read: ${read.error.message}`);
  return read.value.toString('utf8');
};

const firstLine = (text: string, file: string): string => {
  const line = text.replace(/\r?\n$/, '');
  if (line === '')
    throw new AppError('usage', 400, `There is no passphrase in ${file === '-' ? 'standard input' : file}.`);
  return line;
};

/** Without showing what is typed. */
const typeIn = async (question: string): Promise<string> => {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
};
