import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from './create-log.ts';
import { createRotatingFile } from './rotating-file.ts';

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

test('files stay below their size and number', () => {
  const file = createRotatingFile(join(folder, 'a.log'), 1_000, 2);
  for (let count = 0; count < 200; count += 1) file.write(`${'x'.repeat(98)}\n`);
  file.close();
  expect(readdirSync(folder).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(1_000);
});
