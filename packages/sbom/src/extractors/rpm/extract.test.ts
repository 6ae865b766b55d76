import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { memoryFileSystemOf } from '../../file-system/memory.ts';
import { berkeleyDatabase, ndbDatabase, rpmHeader, type SampleRpm } from '../../testing/rpm.ts';
import type { Extraction } from '../extractor.ts';
import { extractRpm } from './extract.ts';

const scratch = mkdtempSync(join(tmpdir(), 'parapet-rpm-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const extract = (files: Readonly<Record<string, Buffer | string>>, id = 'rhel'): Promise<Extraction> =>
  extractRpm({
    fileSystem: memoryFileSystemOf(files),
    distribution: { id, versionId: '9.4', name: 'Linux' },
    signal: new AbortController().signal,
    claim: () => {},
  });

const samples: readonly SampleRpm[] = [
  {
    name: 'openssl-libs',
    epoch: 1,
    version: '3.0.7',
    release: '27.el9',
    licence: 'Apache-2.0',
    sourceRpm: 'openssl-3.0.7-27.el9.src.rpm',
    files: [
      { path: '/usr/lib64/libssl.so.3.0.7', mode: 0o100755 },
      { path: '/usr/share/doc/openssl/README', mode: 0o100644 },
      { path: '/usr/share/openssl/tool.py', mode: 0o100755 },
      { path: '/usr/lib64', mode: 0o040755 },
    ],
  },
  {
    name: 'nodejs',
    epoch: 1,
    version: '18.20.2',
    release: '1.module+el9.4.0+1',
    module: 'nodejs:18:9040020240401:rhel9',
  },
  { name: 'gpg-pubkey', version: 'fd431d51', release: '4ae0493b', architecture: '' },
  { name: 'large', version: '1', release: '1', description: 'x'.repeat(40_000) },
];
const headers = samples.map(rpmHeader);

let databases = 0;

/** Written by SQLite itself, as rpm does. */
const sqliteDatabase = (blobs: readonly Buffer[], pageBytes = 4096): Buffer => {
  databases += 1;
  const path = join(scratch, `${databases}.sqlite`);
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA page_size = ${pageBytes}`);
  database.exec('CREATE TABLE Other (a TEXT)');
  database.exec('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)');
  database.exec("CREATE TABLE 'Name' (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)");
  const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
  for (const blob of blobs) insert.run(blob);
  database.close();
  return readFileSync(path);
};

const formats = [
  ['SQLite', '/usr/lib/sysimage/rpm/rpmdb.sqlite', () => sqliteDatabase(headers)],
  ['SQLite with small pages', '/var/lib/rpm/rpmdb.sqlite', () => sqliteDatabase(headers, 512)],
  ['SQLite with large pages', '/var/lib/rpm/rpmdb.sqlite', () => sqliteDatabase(headers, 65_536)],
  ['NDB', '/usr/lib/sysimage/rpm/Packages.db', () => ndbDatabase(headers)],
  ['Berkeley DB', '/var/lib/rpm/Packages', () => berkeleyDatabase(headers)],
  [
    'Berkeley DB of the other byte order',
    '/var/lib/rpm/Packages',
    () => berkeleyDatabase(headers, { isBigEndian: true }),
  ],
  ['Berkeley DB with small pages', '/var/lib/rpm/Packages', () => berkeleyDatabase(headers, { pageBytes: 512 })],
] as const;

describe.each(formats)('%s', (_name, path, database) => {
  it('gives packages with epoch, source, licence, module and programs', async () => {
    const { packages, problems } = await extract({ [path]: database() });
    expect(problems).toEqual([]);
    expect(packages.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
      { name: 'large', version: '1-1' },
      {
        name: 'nodejs',
        version: '1:18.20.2-1.module+el9.4.0+1',
        purl: 'pkg:rpm/redhat/nodejs@18.20.2-1.module%2Bel9.4.0%2B1?arch=x86_64&epoch=1&rpmmod=nodejs:18:9040020240401:rhel9',
      },
      {
        purl: 'pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&epoch=1',
        type: 'rpm',
        name: 'openssl-libs',
        version: '1:3.0.7-27.el9',
        architecture: 'x86_64',
        source: { name: 'openssl', version: '1:3.0.7-27.el9' },
        licences: ['Apache-2.0'],
        location: path,
        files: ['/usr/lib64/libssl.so.3.0.7', '/usr/share/openssl/tool.py'],
      },
    ]);
  });

  it('survives being cut anywhere: what was whole before the cut is kept, and the rest is said', async () => {
    const whole = database();
    for (let end = 0; end < whole.length; end += Math.ceil(whole.length / 97)) {
      const { packages, problems } = await extract({ [path]: whole.subarray(0, end) });
      if (packages.length < 3 && end > 0) expect([end, problems.length > 0]).toEqual([end, true]);
    }
  });

  it('survives wrong bytes anywhere, in bounded time', async () => {
    const whole = database();
    const step = Math.max(1, Math.ceil(whole.length / 400));
    for (let at = 0; at < whole.length; at += at < 600 ? 1 : step) {
      for (const value of [0, 0xff, (whole[at] ?? 0) ^ 0x41]) {
        const broken = Buffer.from(whole);
        broken[at] = value;
        const { packages, problems } = await extract({ [path]: broken });
        expect(packages.length + problems.length).toBeLessThan(200);
      }
    }
  });
});

describe('an SQLite database in use', () => {
  it('has its newest packages in the write-ahead log', async () => {
    databases += 1;
    const path = join(scratch, `${databases}.sqlite`);
    const database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
    database.exec('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
    for (const header of headers) insert.run(header);
    database.exec('BEGIN');
    const files = {
      '/var/lib/rpm/rpmdb.sqlite': readFileSync(path),
      '/var/lib/rpm/rpmdb.sqlite-wal': readFileSync(`${path}-wal`),
    };
    database.close();
    expect((await extract(files)).packages).toHaveLength(3);
    expect((await extract({ ...files, '/var/lib/rpm/rpmdb.sqlite-wal': 'rubbish'.repeat(100) })).packages).toEqual([]);
  });

  it('is never asked to run what its schema says', async () => {
    databases += 1;
    const path = join(scratch, `${databases}.sqlite`);
    const database = new DatabaseSync(path);
    database.exec(
      'CREATE VIEW Packages AS WITH RECURSIVE forever(hnum, blob) AS (SELECT 1, 2 UNION ALL SELECT hnum + 1, 2 FROM forever) SELECT * FROM forever',
    );
    database.close();
    const { packages, problems } = await extract({ '/var/lib/rpm/rpmdb.sqlite': readFileSync(path) });
    expect(packages).toEqual([]);
    expect(problems).toMatchObject([
      { code: 'broken-database', message: expect.stringContaining('no table Packages') },
    ]);
  });
});

describe('hostile databases', () => {
  it('ends where thousands of entries share one long chain', async () => {
    const shared = berkeleyDatabase([
      rpmHeader({ name: 'long', version: '1', release: '1', description: 'x'.repeat(900_000) }),
    ]);
    const pageBytes = 4096;
    const bucket = shared.subarray(pageBytes, 2 * pageBytes);
    const pages = Array.from({ length: 2000 }, () => bucket);
    const hostile = Buffer.concat([shared, ...pages]);
    hostile.writeUInt32LE(hostile.length / pageBytes - 1, 32);
    const { packages, problems } = await extract({ '/var/lib/rpm/Packages': hostile });
    expect(packages.length).toBeLessThan(200);
    expect(problems).toMatchObject([{ message: expect.stringContaining('over and over') }]);
  });

  it('ends in a circle of pages', async () => {
    const database = berkeleyDatabase([
      rpmHeader({ name: 'a', version: '1', release: '1', description: 'x'.repeat(20_000) }),
    ]);
    database.writeUInt32LE(2, 2 * 4096 + 16);
    const { problems } = await extract({ '/var/lib/rpm/Packages': database });
    expect(problems.length).toBeGreaterThan(0);
  });

  it.each([
    ['a count of tags beyond the data', (header: Buffer) => header.writeUInt32BE(0xffffffff, 0)],
    ['data beyond the entry', (header: Buffer) => header.writeUInt32BE(0x7fffffff, 4)],
    ['a tag outside the data', (header: Buffer) => header.writeUInt32BE(0x7ffffff0, 16)],
    ['no tags', (header: Buffer) => header.writeUInt32BE(0, 0)],
  ])('%s is a broken entry beside whole ones', async (_name, edit) => {
    const broken = Buffer.from(headers[0] ?? Buffer.alloc(0));
    edit(broken);
    const { packages, problems } = await extract({
      '/var/lib/rpm/Packages.db': ndbDatabase([broken, headers[1] ?? broken]),
    });
    expect(packages.map(({ name }) => name)).toEqual(['nodejs']);
    expect(problems).toMatchObject([{ code: 'broken-entry' }]);
  });

  it.each([
    ['/var/lib/rpm/Packages', 'no Berkeley DB'],
    ['/var/lib/rpm/Packages.db', 'no NDB'],
    ['/var/lib/rpm/rpmdb.sqlite', 'no SQLite'],
  ])('says when %s is something else', async (path, message) => {
    const { problems } = await extract({ [path]: 'something else entirely '.repeat(100) });
    expect(problems).toMatchObject([{ code: 'broken-database', message: expect.stringContaining(message), at: path }]);
  });
});

describe('where databases lie', () => {
  it('counts one database once, through the link of /var/lib/rpm', async () => {
    const { packages } = await extract({
      '/var/lib/rpm': '-> ../../usr/lib/sysimage/rpm',
      '/usr/lib/sysimage/rpm/Packages.db': ndbDatabase(headers),
    });
    expect(packages).toHaveLength(3);
  });

  it('takes the newer format after a conversion', async () => {
    const { packages } = await extract({
      '/var/lib/rpm/rpmdb.sqlite': sqliteDatabase([rpmHeader({ name: 'new', version: '2', release: '1' })]),
      '/var/lib/rpm/Packages': berkeleyDatabase([rpmHeader({ name: 'old', version: '1', release: '1' })]),
    });
    expect(packages.map(({ name }) => name)).toEqual(['new']);
  });

  it.each([
    ['rhel', 'redhat'],
    ['opensuse-leap', 'opensuse'],
    ['sles', 'suse'],
    ['fedora', 'fedora'],
  ])('names the vendor of %s %s', async (id, vendor) => {
    const { packages } = await extract({ '/var/lib/rpm/Packages.db': ndbDatabase(headers.slice(0, 1)) }, id);
    expect(packages[0]?.purl).toMatch(`pkg:rpm/${vendor}/`);
  });

  it('is quiet where there is no rpm', async () => {
    expect(await extract({ '/etc/hosts': '' })).toEqual({ packages: [], problems: [] });
  });
});
