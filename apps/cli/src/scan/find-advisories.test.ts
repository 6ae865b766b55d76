import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findAdvisories } from './find-advisories.ts';

let dataDir = '';
let feeds = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'parapet-find-advisories-'));
  feeds = join(dataDir, 'console', 'feeds');
  mkdirSync(feeds, { recursive: true });
  writeFileSync(join(feeds, 'advisories-aa.db'), '');
  writeFileSync(join(feeds, 'advisories-bb.db'), '');
  utimesSync(join(feeds, 'advisories-aa.db'), 1000, 1000);
});
afterEach(() => rmSync(dataDir, { recursive: true }));

it('takes the one that the console uses, though another is newer', async () => {
  writeFileSync(join(feeds, 'active'), 'advisories-aa\n');
  expect(await findAdvisories(dataDir)).toBe(join(feeds, 'advisories-aa.db'));
});

it.each([undefined, 'advisories-cc', '../../../etc/passwd', 'x'.repeat(1000)])(
  'takes the newest when %j is named',
  async (named) => {
    if (named !== undefined) writeFileSync(join(feeds, 'active'), named);
    expect(await findAdvisories(dataDir)).toBe(join(feeds, 'advisories-bb.db'));
  },
);

it('finds none where there is none', async () => {
  expect(await findAdvisories(join(dataDir, 'nothing'))).toBeUndefined();
});
