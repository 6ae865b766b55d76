import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openAdvisoryDatabase } from '../database/open.ts';
import { type ArchiveFile, manifestOf, tarOf, zipOf } from '../testing/archives.ts';
import { kevJson, osvRecord, osvZip, sampleFeed } from '../testing/feeds.ts';
import { createScratch } from '../testing/scratch.ts';
import { type ImportOptions, importBundle } from './import.ts';

const manifest = (files: readonly ArchiveFile[]): ArchiveFile => ({
  name: 'MANIFEST.json',
  content: manifestOf(files),
});
const other: ArchiveFile = { name: 'yara/rules.yar', content: 'rule x { condition: true }' };
const feed = [...sampleFeed(), other];
const whole = [manifest(feed), ...feed];

const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length >> 1);

/** What lies in the folder of databases, to see that nothing changed. */
const stateOf = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name !== 'sources')
        .sort()
    : [];

const importInto = async (
  scratch: ReturnType<typeof createScratch>,
  bundle: Buffer,
  options: Partial<ImportOptions> = {},
) => {
  const databaseDir = join(scratch.folder, 'databases');
  const before = stateOf(databaseDir);
  const outcome = await importBundle(scratch.put('bundle', bundle), { databaseDir, ...options });
  return { outcome, databaseDir, before, after: stateOf(databaseDir) };
};

describe('a whole bundle', () => {
  it.each([
    ['zip', zipOf(whole)],
    ['tar', tarOf(whole)],
    ['tar.gz', gzipSync(tarOf(whole))],
    ['tar.zst', zstdCompressSync(tarOf(whole))],
    ['tar with ./ before its names', tarOf(whole.map((file) => ({ ...file, name: `./${file.name}` })))],
  ])('as %s becomes a database', async (_name, bundle) => {
    using scratch = createScratch();
    const steps: number[] = [];
    const { outcome } = await importInto(scratch, bundle, { onProgress: ({ progress }) => steps.push(progress) });
    if (!outcome.ok) throw new Error(outcome.error.message);
    expect(outcome.value).toMatchObject({
      version: expect.stringMatching(/^advisories-[0-9a-f]{16}$/),
      origin: 'bundle',
      counts: { advisories: 2, affected: 2, knownExploited: 1, epssScores: 2 },
    });
    expect(outcome.value.sources.map(({ id, records, licence }) => [id, records, licence])).toEqual([
      ['osv/Debian', 2, 'CC0-1.0'],
      ['kev', 1, 'CC0-1.0'],
      ['epss', 2, 'CC0-1.0'],
    ]);
    expect(steps.at(-1)).toBe(1);
    expect(steps.toSorted((a, b) => a - b)).toEqual(steps);
    const opened = openAdvisoryDatabase(outcome.value.path);
    if (!opened.ok) throw new Error(opened.error.message);
    using database = opened.value;
    expect(database.kev('CVE-2026-1111')).toMatchObject({ ransomware: true });
  });

  it('imported twice is the same version and the same file', async () => {
    using scratch = createScratch();
    const first = await importInto(scratch, zipOf(whole));
    const second = await importInto(scratch, gzipSync(tarOf(whole)));
    expect(second.after).toEqual(first.after);
    expect(second.outcome).toMatchObject({ value: { version: first.outcome.ok && first.outcome.value.version } });
  });

  it('keeps the data of sources that it does not carry', async () => {
    using scratch = createScratch();
    await importInto(scratch, zipOf(whole));
    const newer = [
      { name: 'kev/known_exploited_vulnerabilities.json', content: kevJson(['CVE-2026-2222', 'CVE-2026-3333']) },
    ];
    const { outcome } = await importInto(scratch, zipOf([manifest(newer), ...newer]));
    expect(outcome).toMatchObject({ value: { counts: { advisories: 2, knownExploited: 2, epssScores: 2 } } });
  });
});

describe('a bundle that is not what it says changes nothing and says why', () => {
  const lying = (path: string): ArchiveFile => {
    const parsed = JSON.parse(manifestOf(feed)) as { files: { path: string; sha256: string }[] };
    const files = parsed.files.map((file) => (file.path === path ? { ...file, sha256: '0'.repeat(64) } : file));
    return { name: 'MANIFEST.json', content: JSON.stringify({ files }) };
  };
  const brokenOsv = (content: Buffer): ArchiveFile[] => [{ name: 'osv/Debian/all.zip', content }];
  const withManifest = (files: readonly ArchiveFile[]): Buffer => zipOf([manifest(files), ...files]);

  it.each([
    ['nothing', Buffer.alloc(0), 'unknown-archive'],
    ['text', Buffer.from('hello'.repeat(100)), 'unknown-archive'],
    ['a cut zip', half(zipOf(whole)), 'broken-archive'],
    ['a cut tar.gz', half(gzipSync(tarOf(whole))), 'broken-archive'],
    ['a cut tar.zst', half(zstdCompressSync(tarOf(whole))), 'broken-archive'],
    ['a cut tar', tarOf(whole).subarray(0, 700), 'broken-archive'],
    ['no manifest', zipOf(feed), 'no-manifest'],
    ['a manifest that is no JSON', zipOf([{ name: 'MANIFEST.json', content: '{' }, ...feed]), 'bad-manifest'],
    ['a manifest without files', zipOf([{ name: 'MANIFEST.json', content: '{"files":[]}' }]), 'bad-manifest'],
    [
      'a wrong checksum of what is imported',
      zipOf([lying('kev/known_exploited_vulnerabilities.json'), ...feed]),
      'hash-mismatch',
    ],
    ['a wrong checksum of what is only checked', zipOf([lying('yara/rules.yar'), ...feed]), 'hash-mismatch'],
    ['a file that is missing', zipOf([manifest(feed), ...feed.slice(1)]), 'missing-member'],
    ['a file that is not listed', zipOf([manifest(feed), ...feed, { name: 'more', content: 'x' }]), 'unlisted-member'],
    ['a file twice', tarOf([manifest(feed), ...feed, ...feed.slice(0, 1)]), 'bad-member'],
    [
      'a name outside the bundle',
      tarOf([manifest(feed), ...feed, { name: '../../etc/cron.d/x', content: 'x' }]),
      'bad-member',
    ],
    ['an absolute name', tarOf([manifest(feed), ...feed, { name: '/etc/cron.d/x', content: 'x' }]), 'bad-member'],
    ['a symbolic link', tarOf([manifest(feed), ...feed, { name: 'link', content: '', type: '2' }]), 'bad-member'],
    ['a device', tarOf([manifest(feed), ...feed, { name: 'device', content: '', type: '3' }]), 'bad-member'],
    ['nothing about vulnerabilities', zipOf([manifest([other]), other]), 'empty-feed'],
    ['an all.zip that is none', withManifest(brokenOsv(Buffer.from('rubbish'))), 'broken-archive'],
    ['an all.zip without records', withManifest(brokenOsv(osvZip([]))), 'empty-feed'],
    [
      'a catalogue that is none',
      withManifest([{ name: 'kev/known_exploited_vulnerabilities.json', content: '{}' }]),
      'wrong-shape',
    ],
  ])('%s', async (_name, bundle, code) => {
    using scratch = createScratch();
    await importInto(scratch, zipOf(whole));
    const { outcome, before, after } = await importInto(scratch, bundle);
    expect(outcome).toMatchObject({ ok: false, error: { code } });
    expect(after).toEqual(before);
  });

  it('leaves an empty folder empty, too', async () => {
    using scratch = createScratch();
    const { after } = await importInto(scratch, zipOf(feed));
    expect(after).toEqual([]);
  });

  it('and stops when asked', async () => {
    using scratch = createScratch();
    await expect(importInto(scratch, zipOf(whole), { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
    expect(stateOf(join(scratch.folder, 'databases'))).toEqual([]);
  });
});

describe('signatures', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const stranger = generateKeyPairSync('ed25519');
  const publicKeys = [publicKey.export({ type: 'spki', format: 'pem' }).toString()];
  const signed = (key = privateKey, encoding?: 'base64'): Buffer => {
    const list = manifest(feed);
    const raw = sign(null, Buffer.from(list.content), key);
    return zipOf([
      list,
      { name: 'MANIFEST.json.sig', content: encoding === undefined ? raw : `${raw.toString(encoding)}\n` },
      ...feed,
    ]);
  };

  it.each([
    ['raw', signed()],
    ['base64', signed(privateKey, 'base64')],
  ])('of a trusted key are taken, %s', async (_name, bundle) => {
    using scratch = createScratch();
    expect((await importInto(scratch, bundle, { signature: { publicKeys, required: true } })).outcome.ok).toBe(true);
  });

  it('are not needed unless demanded', async () => {
    using scratch = createScratch();
    expect((await importInto(scratch, zipOf(whole), { signature: { publicKeys, required: false } })).outcome.ok).toBe(
      true,
    );
    expect(
      (await importInto(scratch, zipOf(whole), { signature: { publicKeys, required: true } })).outcome,
    ).toMatchObject({
      error: { code: 'unsigned-bundle' },
    });
  });

  it('of strangers, and of other bytes, are refused even where none is demanded', async () => {
    using scratch = createScratch();
    const signature = { publicKeys, required: false };
    expect((await importInto(scratch, signed(stranger.privateKey), { signature })).outcome).toMatchObject({
      error: { code: 'bad-signature' },
    });
    const otherManifest = zipOf([
      manifest(feed),
      { name: 'MANIFEST.json.sig', content: sign(null, Buffer.from('x'), privateKey) },
      ...feed,
    ]);
    expect((await importInto(scratch, otherManifest, { signature })).outcome).toMatchObject({
      error: { code: 'bad-signature' },
    });
    const noKey = { publicKeys: ['no key'], required: true };
    expect((await importInto(scratch, signed(), { signature: noKey })).outcome).toMatchObject({
      error: { code: 'bad-signature' },
    });
  });
});

describe('memory and time', () => {
  it('lets others run while it imports', async () => {
    using scratch = createScratch();
    const records = Array.from({ length: 3000 }, (_, index) =>
      osvRecord(`DSA-${index}-1`, 'Debian:12', `p${index}`, [{ introduced: '0' }, { fixed: '1' }]),
    );
    const files = [{ name: 'osv/Debian/all.zip', content: osvZip(records) }];
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    const { outcome } = await importInto(scratch, zipOf([manifest(files), ...files]));
    clearInterval(timer);
    expect(outcome.ok).toBe(true);
    expect(turns).toBeGreaterThan(3);
  });
});
