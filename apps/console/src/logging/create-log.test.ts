import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from './create-log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ppt-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('lines are JSON, private to the user, and hold no secret', () => {
  const file = join(folder, 'logs', 'console.log');
  const log = createLog({ file, level: 'info' });
  log.info({ user: 'ada', password: 'hunter2', request: { cookie: 'c-value', path: '/x' } }, 'signed in');
  log.debug({}, 'left out');
  log.close();
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(1);
  const [line = ''] = lines;
  expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'signed in', user: 'ada', request: { path: '/x' } });
  expect(line).not.toContain('hunter2');
  expect(line).not.toContain('c-value');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
