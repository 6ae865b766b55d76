// @peculiar/x509 asks for this before anything of it is loaded.
import 'reflect-metadata';
import type { ChildMessage } from '@parapet/contract/control';
import { AppError, messageOf } from '@parapet/core';
import { checkConfig } from './config/check-config.ts';
import { createConfig } from './config/config.ts';
import { readOwnSettings } from './config/read-settings.ts';
import { type Console, startConsole } from './context/console.ts';

/** The console as a process: a child of `parapet up`, which it tells how it fares, or alone under a service manager. */
const main = async (): Promise<void> => {
  const stopAsked = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopAsked.resolve());
  // The parent is gone, so nobody would ever stop us.
  process.on('disconnect', () => stopAsked.resolve());
  try {
    const settings = await readOwnSettings();
    const config = createConfig(settings.environment);
    if (process.argv[2] === 'check-config') return await checkConfig(settings, config, process.argv.includes('--json'));
    const console = await startConsole(config, {
      say: (text) => tell({ kind: 'step', text }),
    });
    watchForBugs(console);
    await greet(console);
    await stopAsked.promise;
    await console[Symbol.asyncDispose]();
    process.exit(0);
  } catch (error) {
    await fail(error);
  }
};

const tell = (message: ChildMessage): void => {
  if (process.send !== undefined && process.connected) process.send(message);
  else if (message.kind !== 'step') process.stdout.write(`${lineOf(message)}\n`);
};

const lineOf = (message: Exclude<ChildMessage, { kind: 'step' }>): string => {
  switch (message.kind) {
    case 'ready':
      return `Parapet serves on ${message.addresses.slice(0, 4).join('  ')}`;
    case 'failed':
      return message.message;
    case 'notice':
      return message.text;
  }
};

/** Whoever started us with a channel asks for the link over the control socket; alone, it is printed. */
const greet = async (console: Console): Promise<void> => {
  tell({ kind: 'ready', addresses: [...console.addresses] });
  if (process.send !== undefined || !(await console.firstAdminNeeded())) return;
  const { url } = await console.adminLink();
  tell({ kind: 'notice', text: `Make the first admin here (works once, for 24 h): ${url}` });
};

/** A bug leaves the state unknown: it goes to the log, and whoever supervises starts us again. */
const watchForBugs = ({ platform }: Console): void => {
  const end = (thrown: unknown, kind: string): void => {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    platform.log.error({ kind, error: messageOf(thrown), stack }, 'console ends because of a bug');
    process.exit(70);
  };
  process.on('uncaughtException', (error) => end(error, 'exception'));
  process.on('unhandledRejection', (reason) => end(reason, 'rejection'));
};

const fail = async (error: unknown): Promise<void> => {
  const detail = error instanceof AppError ? error.message : `The console could not start: ${messageOf(error)}`;
  if (!(error instanceof AppError) && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  const { send } = process;
  if (send === undefined) process.stderr.write(`${detail}\n`);
  else {
    await new Promise<void>((resolve) => {
      send.call(process, { kind: 'failed', message: detail.slice(0, 4_096) } satisfies ChildMessage, () => resolve());
    });
  }
  process.exit(1);
};

await main();
