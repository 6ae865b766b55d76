import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { writeTar, writeZip } from '@parapet/core';

/** An invented flaw in a package that the simulated hosts and images have. */
type Flaw = {
  readonly package: string;
  readonly ecosystem: 'Debian:12' | 'Debian:11' | 'Alpine:v3.19';
  readonly fixed: string;
  readonly vector: string;
  readonly summary: string;
};

const remote = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
const crash = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H';
const leak = 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N';
const local = 'CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H';

const debian12 = (name: string, fixed: string, vector: string, summary: string): Flaw => ({
  ...{ package: name, ecosystem: 'Debian:12', fixed, vector, summary },
});
const alpine = (name: string, fixed: string, vector: string, summary: string): Flaw => ({
  ...{ package: name, ecosystem: 'Alpine:v3.19', fixed, vector, summary },
});

const flaws: readonly Flaw[] = [
  debian12('openssl', '3.0.11-1~deb12u2+u9', remote, 'An invented overflow while a handshake is read'),
  debian12('glibc', '2.36-9+u9', local, 'An invented overflow in the dynamic loader'),
  debian12('zlib', '1.2.13.dfsg-1+u9', crash, 'An invented endless loop on a crafted stream'),
  debian12('expat', '2.5.0-1+u9', crash, 'An invented stack exhaustion by nested elements'),
  debian12('curl', '7.88.1-10+u9', leak, 'An invented leak of credentials on redirects'),
  debian12('libxml2', '2.9.14+dfsg-1.3+u9', crash, 'An invented use after free in the reader'),
  debian12('nghttp2', '1.52.0-1+u9', crash, 'An invented flood of resets'),
  debian12('gnutls28', '3.7.9-2+u9', leak, 'An invented timing difference in decryption'),
  debian12('krb5', '1.20.1-2+u9', crash, 'An invented null dereference in ticket handling'),
  debian12('sqlite3', '3.40.1-2+u9', local, 'An invented overflow in a query planner'),
  debian12('perl', '5.36.0-7+u9', local, 'An invented overflow in a regular expression'),
  debian12('openssh', '9.2p1-2+deb12u2+u9', remote, 'An invented race in the signal handler of a server'),
  debian12('sudo', '1.9.13p3-1+u9', local, 'An invented way around a rule'),
  debian12('vim', '9.0.1378-2+u9', local, 'An invented overflow on opening a crafted file'),
  alpine('openssl', '3.1.4-r9', remote, 'An invented overflow while a handshake is read'),
  alpine('busybox', '1.36.1-r19', crash, 'An invented crash of an applet on crafted input'),
  alpine('musl', '1.2.4_git20230717-r9', local, 'An invented overflow in text conversion'),
];

/**
 * A bundle of advisories about nothing real: their names begin with DEMO, so that nobody looks for them elsewhere. Times are
 * those of the simulated company's beginning.
 */
export const makeDemoBundle = (nowMs: number): Buffer => {
  const date = new Date(nowMs).toISOString();
  const files = [...Map.groupBy(flaws, ({ ecosystem }) => ecosystem.split(':')[0] ?? '')].map(([ecosystem, own]) => ({
    name: `osv/${ecosystem}/all.zip`,
    content: writeZip(own.map((flaw) => recordOf(flaw, flaws.indexOf(flaw) + 1, date))),
  }));
  const manifest = {
    files: files.map(({ name, content }) => ({
      path: name,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      date,
      licence: 'Invented for the demo of Parapet',
    })),
  };
  return gzipSync(writeTar([{ name: 'MANIFEST.json', content: JSON.stringify(manifest) }, ...files]));
};

const recordOf = (flaw: Flaw, number: number, date: string): { name: string; content: string } => {
  const id = `DEMO-2026-${String(number).padStart(4, '0')}`;
  const record = {
    schema_version: '1.6.0',
    id,
    modified: date,
    published: date,
    summary: `${flaw.summary} (demo)`,
    details: 'This advisory was invented for the demo of Parapet. There is no such flaw.',
    severity: [{ type: 'CVSS_V3', score: flaw.vector }],
    affected: [
      {
        package: { ecosystem: flaw.ecosystem, name: flaw.package },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: flaw.fixed }] }],
      },
    ],
  };
  return { name: `${id}.json`, content: JSON.stringify(record) };
};
