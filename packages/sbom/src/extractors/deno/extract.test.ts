import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { deno } from './index.ts';

const current = JSON.stringify({
  version: '5',
  jsr: { '@std/path@1.0.8': { integrity: 'x' } },
  npm: { '@s/a@1.0.0_b@2.0.0': {}, 'b@2.0.0': {} },
});

describe('deno.lock', () => {
  it.each([
    current,
    JSON.stringify({
      version: '3',
      packages: { jsr: { '@std/path@1.0.8': {} }, npm: { '@s/a@1.0.0': {}, 'b@2.0.0': {} } },
    }),
  ])('%s', async (text) => {
    expect(await namesFrom(deno, { '/deno.lock': text })).toEqual(['@s/a@1.0.0', '@std/path@1.0.8', 'b@2.0.0']);
  });

  it('of version 2', async () => {
    expect(await namesFrom(deno, { '/deno.lock': '{"npm":{"packages":{"b@2.0.0":{}}}}' })).toEqual(['b@2.0.0']);
  });

  it('survives damage', () => survivesDamage(deno, '/deno.lock', current));
});

describe('deno.json', () => {
  it('declares what it imports', async () => {
    const text = '{"imports":{"a":"npm:a@^1/sub","std":"jsr:@std/path@^1","local":"./x.ts","odd":7}}';
    expect((await extractFrom(deno, { '/deno.json': text })).packages).toEqual([
      { name: 'a', version: '^1', evidence: 'declared', isDirect: true },
      { name: '@std/path', version: '^1', type: 'jsr', evidence: 'declared', isDirect: true },
    ]);
  });
});
