import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Sbom } from '@parapet/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSbom } from '../create-sbom.ts';
import { memoryFileSystemOf } from '../file-system/memory.ts';
import { damaged } from '../testing/damage.ts';
import { berkeleyDatabase, ndbDatabase, rpmHeader } from '../testing/rpm.ts';

const headers = ['bash', 'openssl-libs', 'zlib'].map((name) =>
  rpmHeader({
    ...{
      name,
      epoch: 1,
      version: '3.0.7',
      release: '27.el9',
      licence: 'MIT',
      sourceRpm: `${name}-3.0.7-27.el9.src.rpm`,
    },
    files: [
      { path: `/usr/lib64/lib${name}.so`, mode: 0o100755 },
      { path: `/usr/share/doc/${name}`, mode: 0o040755 },
    ],
  }),
);

const sqliteDatabase = (): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'parapet-hostile-'));
  try {
    const path = join(folder, 'rpmdb.sqlite');
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)');
    const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
    for (const header of headers) insert.run(header);
    database.close();
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const dpkg = ['a', 'b', 'c'].map(
  (name) =>
    `Package: ${name}\nStatus: install ok installed\nVersion: 1:2.0-1\nArchitecture: amd64\nSource: s${name} (2.0)\nDescription: short\n long\n .\n`,
);
const apk = ['a', 'b'].map(
  (name) => `C:Q1abc=\nP:${name}\nV:1.2.3-r0\nA:x86_64\nL:MIT\no:o${name}\nF:usr/lib\nR:lib${name}.so\na:0:0:755\n`,
);
const alpm =
  '%NAME%\nbash\n\n%VERSION%\n5.2.026-2\n\n%ARCH%\nx86_64\n\n%LICENSE%\nGPL\n\n%BASE%\nbash\n\n%FILES%\nusr/\nusr/bin/bash\n';

/** One path of each database with a whole one. */
const databases: readonly (readonly [path: string, content: Buffer, packages: number])[] = [
  ['/var/lib/dpkg/status', Buffer.from(dpkg.join('\n')), 3],
  ['/var/lib/dpkg/status.d/a', Buffer.from(dpkg[0] ?? ''), 1],
  ['/lib/apk/db/installed', Buffer.from(apk.join('\n')), 2],
  ['/var/lib/pacman/local/bash-5.2.026-2/desc', Buffer.from(alpm), 1],
  ['/usr/lib/opkg/status', Buffer.from(dpkg.join('\n')), 3],
  ['/var/lib/rpm/Packages', berkeleyDatabase(headers), 3],
  ['/usr/lib/sysimage/rpm/Packages.db', ndbDatabase(headers), 3],
  ['/var/lib/rpm/rpmdb.sqlite', sqliteDatabase(), 3],
  ['/etc/os-release', Buffer.from('ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'), 0],
];

const scan = (path: string, content: Buffer) =>
  createSbom({ target: { kind: 'host', name: 'hostile' }, fileSystem: memoryFileSystemOf({ [path]: content }) });

describe.each(databases)('%s', (path, content, packages) => {
  it('is read whole', async () => expect((await scan(path, content)).packages).toHaveLength(packages));

  it('is at worst a problem when it is damaged, and what it gives is what the schema says', async () => {
    await fc.assert(
      fc.asyncProperty(damaged(content), async (bytes) => {
        const sbom = await scan(path, bytes);
        expect(Sbom.safeParse(sbom).error).toBeUndefined();
        expect(sbom.problems.map(({ code }) => code)).not.toContain('extractor-failed');
      }),
      { numRuns: 60, seed: 28 },
    );
  });
});
