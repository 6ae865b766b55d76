import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { JournalFile } from '../../tasks/task-journal.ts';
import { openRun } from '../run.ts';
import { createStateFile, Identity, StreamMarker } from '../state-files.ts';

const here = import.meta.dirname;
const releases = (await readdir(here, { withFileTypes: true })).filter((entry) => entry.isDirectory());

/** Written by the console's `testing/released/make.ts` at each release. */
describe.each(releases.map(({ name }) => name))('the state folder of sensor %s', (version) => {
  it('is read by this one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ppt-state-'));
    try {
      await cp(join(here, version), folder, { recursive: true });
      expect(await createStateFile(folder, 'identity.json', Identity).read()).toMatchObject({
        consoleUrl: 'https://console.example:8443',
        keyPem: expect.stringContaining('PRIVATE KEY'),
      });
      expect(await createStateFile(folder, 'stream.json', StreamMarker).read()).toMatchObject({ epoch: 1 });
      expect(await createStateFile(folder, 'tasks.json', JournalFile).read()).toMatchObject({ entries: [] });
      const runId = '00000000-0000-4000-8000-000000000001';
      const clock = createManualClock(Date.parse('2027-01-01'));
      const memoryKills = () => ({ group: undefined, host: undefined });
      const run = await openRun(folder, { runId, bootId: 'boot', clock, memoryKills });
      expect(run.previous).toMatchObject({ end: 'clean' });
      await run.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
