import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { describeWith, eventually, kernelTypes, root } from '@parapet/testkit';
import { expect, it } from 'vitest';
import { createKernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { createStateFile } from '../../state/state-files.ts';
import { createFileNews } from '../file-news.ts';
import { startFileCollector } from '../files/file-collector.ts';
import { createCollected } from '../testing/collected.ts';
import { startAccountCollector } from './account-collector.ts';
import { AccountState } from './account-state.ts';

describeWith([root, kernelTypes], 'who changed users', () => {
  it('is the process that put another file in the place of theirs, though it is over by then', async () => {
    const rootPath = realpathSync(mkdtempSync(join(tmpdir(), 'who-changed-')));
    for (const folder of ['etc', 'state']) mkdirSync(join(rootPath, folder));
    const [passwd, next] = [join(rootPath, 'etc/passwd'), join(rootPath, 'etc/passwd+')];
    writeFileSync(passwd, 'root:x:0:0::/root:/bin/sh\n');
    const news = createFileNews();
    const collected = createCollected();
    const kernel = createKernelWatch({ cpuCores: undefined });
    const files = startFileCollector(
      { kernel, rootPath, paths: ['/etc'], cpuCores: undefined, news },
      collected.context,
    );
    await files.whenWatched;
    const file = createStateFile(join(rootPath, 'state'), 'accounts.json', AccountState);
    const accounts = await startAccountCollector({ rootPath, file, news, everyMs: 1_000_000 }, collected.context);
    const addUser = async (name: string): Promise<{ readonly pid: number; readonly change: TelemetryEvent }> => {
      writeFileSync(next, `root:x:0:0::/root:/bin/sh\n${name}:x:0:0::/root:/bin/sh\n`);
      const { pid } = spawnSync('mv', [next, passwd]);
      const isAdded = (event: TelemetryEvent): boolean =>
        event['user.target.name'] === name && event['parapet.change.type'] === 'added';
      const change = await eventually(`that ${name} was added`, async () => collected.telemetry.events.find(isAdded));
      return { pid, change };
    };
    let told = await addUser('eve');
    // Where another processor is writing a record of its own at that moment, what it is about is read too late.
    for (let again = 1; again < 5 && told.change['process.pid'] === undefined; again += 1)
      told = await addUser(`eve${again}`);
    await accounts.stop();
    await files.stop();
    rmSync(rootPath, { recursive: true });
    expect(told.change).toMatchObject({
      'parapet.change.process': 'file event',
      ...{ 'process.pid': told.pid, 'process.name': 'mv', 'process.parent.pid': process.pid, 'user.id': 0 },
    });
  });
});
