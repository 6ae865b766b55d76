import { resolve } from 'node:path';
import { AppError, messageOf } from '@parapet/core';
import type { Command } from 'commander';
import { writeWholeFile } from '../backup/whole-file.ts';
import { createControlClient } from '../control/control-client.ts';
import { bold, createOutput } from '../output/print.ts';
import { formatBytes } from '../output/table.ts';
import { defaultDataDir } from '../settings.ts';
import { momentOf, readTime } from './hunt.ts';

type Options = {
  readonly host?: string;
  readonly process?: string;
  readonly container?: string;
  readonly since: string;
  readonly until: string;
  readonly look?: boolean;
  readonly dataDir: string;
};

export const addEvidenceCommand = (program: Command): void => {
  program
    .command('evidence')
    .description(
      'the timeline of a process or container as one archive: events, ancestry, peers, files, with a manifest',
    )
    .argument('<file>', 'the archive to make (tar, gzip); it must not be there yet')
    .option('--host <id>', 'host of the process, as events name it: host.id')
    .option('--process <id>', 'the process, as events name it: process.entity_id, e.g. 4711:123456')
    .option('--container <id>', 'instead of a process: the container, as its page is named')
    .option('--since <time>', '15m, 1h, 7d ago, or a time such as 2026-11-28T10:00:00Z', readTime, '1h')
    .option('--until <time>', 'the same; now when left out', readTime, 'now')
    .option('--look', 'also ask its sensor what it has open now')
    .option('--data-dir <dir>', 'data folder of the running console', defaultDataDir())
    .action(makeEvidence);
};

const makeEvidence = async (file: string, options: Options): Promise<void> => {
  const { host, process, container, since, until, look = false, dataDir } = options;
  const isProcess = host !== undefined && process !== undefined && container === undefined;
  const isContainer = container !== undefined && host === undefined && process === undefined;
  if (!isProcess && !isContainer)
    throw new AppError('usage', 400, 'Name a process by --host and --process, or a container by --container.');
  const now = Date.now();
  const asked = {
    ...(isContainer ? { containerId: container } : { hostId: host, process }),
    ...{ since: new Date(momentOf(since, now)).toISOString(), until: new Date(momentOf(until, now)).toISOString() },
    look,
  };
  const path = resolve(file);
  const bytes = await writeWholeFile(path, async (handle) => {
    const stream = await createControlClient(resolve(dataDir)).download('evidence', asked);
    let written = 0;
    try {
      for await (const chunk of stream) {
        await handle.writeFile(chunk as Buffer);
        written += (chunk as Buffer).length;
      }
    } catch (error) {
      throw new AppError(
        'cut-short',
        500,
        `The console broke off, and nothing is left of the archive. Its log says why. (${messageOf(error)})`,
      );
    }
    return written;
  });
  createOutput(false).line(`${bold(path)}: ${formatBytes(bytes)}. Its manifest.json says what it lacks.`);
};
