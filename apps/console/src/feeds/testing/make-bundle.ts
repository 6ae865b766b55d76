import { createHash } from 'node:crypto';
import { crc32, gzipSync } from 'node:zlib';

export type BundleRule = { readonly cve: string; readonly package: string; readonly fixed: string };

/** A feed bundle (tar.gz) as publishers' files: OSV records of Debian 12 and the KEV catalogue. */
export const makeBundle = (rules: readonly BundleRule[], options: { readonly corrupt?: boolean } = {}): Buffer => {
  const osv = makeZip(rules.map((rule) => [`DSA-${rule.cve}.json`, JSON.stringify(osvRecord(rule))]));
  const kev = Buffer.from(
    JSON.stringify({
      title: 'Known exploited',
      catalogVersion: '2026.11.01',
      dateReleased: '2026-11-01T00:00:00.000Z',
      count: 1,
      vulnerabilities: [
        {
          cveID: rules[0]?.cve ?? 'CVE-2026-0001',
          vendorProject: 'x',
          product: 'x',
          vulnerabilityName: 'x',
          dateAdded: '2026-10-01',
          shortDescription: 'x',
          requiredAction: 'Apply updates.',
          dueDate: '2026-10-20',
          knownRansomwareCampaignUse: 'Unknown',
        },
      ],
    }),
  );
  const files: [string, Buffer][] = [
    ['osv/Debian/all.zip', osv],
    ['kev/known_exploited_vulnerabilities.json', kev],
  ];
  const manifest = {
    files: files.map(([path, content]) => ({
      path,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      date: '2026-11-01T00:00:00Z',
    })),
  };
  if (options.corrupt === true) osv[osv.length >> 1] = (osv[osv.length >> 1] ?? 0) ^ 0xff;
  return gzipSync(makeTar([['MANIFEST.json', Buffer.from(JSON.stringify(manifest))], ...files]));
};

const osvRecord = (rule: BundleRule) => ({
  schema_version: '1.6.0',
  id: `DSA-${rule.cve}`,
  modified: '2026-10-01T00:00:00Z',
  published: '2026-10-01T00:00:00Z',
  aliases: [],
  upstream: [rule.cve],
  summary: `A flaw in ${rule.package}`,
  details: 'Details.',
  affected: [
    {
      package: { ecosystem: 'Debian:12', name: rule.package },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: rule.fixed }] }],
    },
  ],
});

/** A zip of stored (uncompressed) entries. */
const makeZip = (entries: readonly (readonly [name: string, content: string])[]): Buffer => {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of entries) {
    const content = Buffer.from(text);
    const path = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(content.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields, path, content]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), fields, place, path]));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, listed, Buffer.from('PK\u0005\u0006'), end]);
};

const makeTar = (files: readonly (readonly [name: string, content: Buffer])[]): Buffer =>
  Buffer.concat([
    ...files.flatMap(([name, content]) => [
      tarHeader(name, content.length),
      content,
      Buffer.alloc((512 - (content.length % 512)) % 512),
    ]),
    Buffer.alloc(1024),
  ]);

const tarHeader = (name: string, size: number): Buffer => {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
};
