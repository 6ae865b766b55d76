import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createContainerPackages, findWrittenPackages } from './written-packages.ts';

let upper: string;
beforeEach(async () => {
  upper = await mkdtemp(join(tmpdir(), 'parapet-written-'));
});
afterEach(() => rm(upper, { recursive: true, force: true }));

const write = async (path: string, content = 'x'): Promise<void> => {
  await mkdir(dirname(join(upper, path)), { recursive: true });
  await writeFile(join(upper, path), content);
};

describe('what a container wrote', () => {
  it('names packages by lock files, archives and install folders, wherever they lie', async () => {
    await write('opt/shop/package-lock.json');
    await write('opt/shop/node_modules/left-pad/package.json');
    await write('opt/venv/lib/python3.12/site-packages/flask-3.0.dist-info/METADATA');
    await write('opt/tomcat/webapps/shop.war');
    expect(findWrittenPackages(upper)).toEqual([
      '/opt/shop/node_modules',
      '/opt/shop/package-lock.json',
      '/opt/tomcat/webapps/shop.war',
      '/opt/venv/lib/python3.12/site-packages',
    ]);
  });

  it('is nothing where only data, caches and logs were written', async () => {
    for (const path of [
      'var/log/app.log',
      'tmp/x/package-lock.json',
      'var/cache/a.jar',
      'data/rows.db',
      'app/__pycache__/a.pyc',
    ])
      await write(path);
    expect(findWrittenPackages(upper)).toEqual([]);
  });

  it('ends in a layer that has no end, and follows no link out of it', async () => {
    for (let index = 0; index < 50; index += 1)
      for (let part = 0; part < 45; part += 1) await write(`data/${index}/${part}`);
    await write('z/y/x/composer.lock');
    expect(findWrittenPackages(upper)).toEqual([]);
    await rm(join(upper, 'data'), { recursive: true });
    await symlink('/usr', join(upper, 'a'));
    expect(findWrittenPackages(upper)).toEqual(['/z/y/x/composer.lock']);
  });

  it('tells nothing of a file whose folder became a link out of the layer', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'parapet-outside-'));
    await writeFile(join(outside, 'Cargo.lock'), 'x');
    const packages = createContainerPackages(createManualClock(1_000_000));
    await write('opt/one/Cargo.lock');
    expect(packages.of('c1', upper)).toHaveLength(1);
    await rm(join(upper, 'opt/one'), { recursive: true });
    await symlink(outside, join(upper, 'opt/one'));
    expect(packages.of('c1', upper)).toEqual([]);
    await rm(outside, { recursive: true });
  });

  it('stands beside the known paths once; a change of what is known is seen at once, what is new within five minutes', async () => {
    const clock = createManualClock(1_000_000);
    const packages = createContainerPackages(clock);
    await write('app/node_modules/.package-lock.json');
    await write('opt/one/Cargo.lock');
    const first = packages.of('c1', upper);
    expect(first.map(({ path }) => path)).toEqual([
      '/app/node_modules/.package-lock.json',
      '/app/node_modules',
      '/opt/one/Cargo.lock',
    ]);
    await utimes(join(upper, 'opt/one/Cargo.lock'), 5, 5);
    await write('opt/two/yarn.lock');
    const second = packages.of('c1', upper);
    expect(second.map(({ path }) => path)).toEqual(first.map(({ path }) => path));
    expect(second.at(-1)?.modifiedAt).toBe(5000);
    clock.advance(5 * 60_000);
    expect(packages.of('c1', upper).map(({ path }) => path)).toContain('/opt/two/yarn.lock');
  });
});
