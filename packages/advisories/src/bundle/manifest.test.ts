import { describe, expect, it } from 'vitest';
import { checkSignature, parseManifest } from './manifest.ts';

const file = { path: 'kev/x.json', bytes: 1, sha256: 'a'.repeat(64) };
const parse = (value: unknown) => parseManifest(Buffer.from(JSON.stringify(value)));

describe('a manifest', () => {
  it('keeps what is used of its files, and lets publishers say more', () => {
    expect(parse({ title: 'x', files: [{ ...file, licence: 'MIT', date: '2026-01-01', records: 5 }] })).toEqual({
      ok: true,
      value: { files: [{ ...file, licence: 'MIT', date: '2026-01-01' }] },
    });
  });

  it.each([
    ['no files', { files: [] }],
    ['no list', {}],
    ['a checksum that is none', { files: [{ ...file, sha256: 'x' }] }],
    ['a checksum in capitals', { files: [{ ...file, sha256: 'A'.repeat(64) }] }],
    ['a negative size', { files: [{ ...file, bytes: -1 }] }],
    ['a file twice', { files: [file, file] }],
    ['a name without end', { files: [{ ...file, path: 'x'.repeat(1000) }] }],
    ['a list', []],
    ['nothing', null],
  ])('with %s is refused', (_name, value) => {
    expect(parse(value)).toMatchObject({ ok: false, error: { code: 'bad-manifest', at: 'MANIFEST.json' } });
  });
});

describe('without a policy', () => {
  it('signatures are not looked at', () => {
    expect(checkSignature(Buffer.from('x'), Buffer.from('rubbish'), undefined).ok).toBe(true);
    expect(checkSignature(Buffer.from('x'), undefined, undefined).ok).toBe(true);
  });
});
