import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@parapet/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJournalFollow } from './journal-follow.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A journal that says which process it is and then waits. */
const silent = (): string => {
  const path = join(folder, 'journalctl');
  writeFileSync(
    path,
    `#!/bin/sh\necho $$ > ${folder}/pid.part\nmv ${folder}/pid.part ${folder}/pid\nexec sleep 3600\n`,
  );
  chmodSync(path, 0o755);
  return path;
};
const pidOf = (): Promise<number> =>
  eventually('its number', async () =>
    existsSync(join(folder, 'pid')) ? Number(readFileSync(join(folder, 'pid'), 'utf8')) : undefined,
  );
/** Not running any more; nobody may have waited for it yet. */
const isOver = (pid: number): boolean => {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
};
const deps = { cursor: undefined, sinceMs: 0, onEntry: () => {}, onUnreadable: () => {}, onGap: () => {} };

test('what follows the journal ends with a sensor that was killed', async () => {
  const module = new URL('./journal-follow.ts', import.meta.url).href;
  const program = `const { createJournalFollow } = await import(${JSON.stringify(module)});
    const nothing = () => {};
    createJournalFollow({ journalctl: [${JSON.stringify(silent())}], sinceMs: 0, onEntry: nothing, onUnreadable: nothing, onGap: nothing });`;
  const sensor = spawn(process.execPath, [
    '--input-type=module',
    '--disable-warning=ExperimentalWarning',
    '-e',
    program,
  ]);
  const pid = await pidOf();
  expect(isOver(pid)).toBe(false);
  sensor.kill('SIGKILL');
  await eventually('its end', async () => isOver(pid));
});

test('it ends when it is told to, and is begun again with a reason when it ended by itself', async () => {
  const follow = createJournalFollow({ ...deps, journalctl: [silent()] });
  const pid = await pidOf();
  await follow.stop();
  expect(isOver(pid)).toBe(true);
  const failing = createJournalFollow({
    ...deps,
    journalctl: ['/bin/sh', '-c', 'echo broken >&2; exit 3'],
    againMs: 1,
  });
  await eventually('the reason', async () => failing.problem() === 'broken');
  await failing.stop();
  const missing = createJournalFollow({ ...deps, journalctl: [join(folder, 'none')] });
  await eventually('another reason', async () => missing.problem()?.includes('none'));
  await missing.stop();
});
