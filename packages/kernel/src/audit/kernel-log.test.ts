import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openKernelLog } from './kernel-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'kernel-log-'));
const path = join(folder, 'kmsg');
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('passes on what would be there without us, ten of them in five seconds', () => {
  writeFileSync(path, '');
  let now = 1000;
  const log = openKernelLog(path, () => now);
  expect(log.isOpen).toBe(true);
  log.pass(1100, 'op=login');
  log.pass(1334, 'prog-id=3');
  for (let index = 0; index < 30; index += 1) log.pass(1400, `apparmor="DENIED" number=${index}\n<0>forged\u001b`);
  now += 5000;
  log.pass(1326, 'sig=31');
  log.close();
  log.pass(1400, 'after its end');
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  expect(lines).toHaveLength(11);
  expect(lines[10]).toBe('<5>audit: type=1326 sig=31');
  expect(lines[0]).toBe('<5>audit: type=1400 apparmor="DENIED" number=0?<0>forged?');
});

it('goes on where there is no such log', () => {
  const log = openKernelLog(join(folder, 'missing', 'kmsg'));
  expect(log.isOpen).toBe(false);
  log.pass(1400, 'apparmor="DENIED"');
  log.close();
});
