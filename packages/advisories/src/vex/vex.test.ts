import { describe, expect, it } from 'vitest';
import type { Match } from '../model.ts';
import { applyVex } from './apply.ts';
import type { VexDocument } from './model.ts';
import { parseVex } from './parse.ts';
import { writeCycloneDxVex, writeOpenVex } from './write.ts';
import { writeCsafVex } from './write-csaf.ts';

const match = (purl: string, vulnerability: string, aliases: readonly string[] = []): Match => ({
  purl,
  packageName: 'x',
  installedVersion: '1',
  ecosystem: 'npm',
  advisoryId: vulnerability,
  vulnerability,
  aliases,
  affectedRanges: [],
  cvss: [],
  exploits: [],
  notes: [],
  summary: '',
});

const read = (document: unknown): VexDocument => {
  const parsed = parseVex(JSON.stringify(document));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};

const openVex = (...statements: readonly object[]) => ({
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://example.org/vex/1',
  author: 'Maintainers',
  timestamp: '2026-01-01T00:00:00Z',
  version: 1,
  statements,
});

const lodash = match('pkg:npm/lodash@4.17.20', 'CVE-2026-0001', ['GHSA-aaaa-aaaa-aaaa']);
const statusOf = (document: unknown, matches: readonly Match[] = [lodash], target: readonly string[] = []) =>
  applyVex(matches, [read(document)], target).map(({ vex }) => vex?.status);

describe('OpenVEX', () => {
  it('says why a package is not affected', () => {
    const document = openVex({
      vulnerability: { name: 'CVE-2026-0001' },
      products: [{ '@id': 'pkg:npm/lodash@4.17.20' }],
      status: 'not_affected',
      justification: 'vulnerable_code_not_in_execute_path',
      impact_statement: 'We never call it.',
    });
    expect(applyVex([lodash], [read(document)])[0]?.vex).toEqual({
      status: 'not_affected',
      justification: 'vulnerable_code_not_in_execute_path',
      text: 'We never call it.',
      at: '2026-01-01T00:00:00.000Z',
      document: 'https://example.org/vex/1',
      author: 'Maintainers',
    });
  });

  it.each([
    ['by an alias', 'GHSA-aaaa-aaaa-aaaa', 'pkg:npm/lodash@4.17.20', 'fixed'],
    ['of every version', 'CVE-2026-0001', 'pkg:npm/lodash', 'fixed'],
    ['not of another version', 'CVE-2026-0001', 'pkg:npm/lodash@4.17.19', undefined],
    ['not of another package', 'CVE-2026-0001', 'pkg:npm/underscore', undefined],
    ['not of another vulnerability', 'CVE-2026-0002', 'pkg:npm/lodash', undefined],
    ['not of what is no package URL', 'CVE-2026-0001', 'lodash', undefined],
    ['not where a qualifier differs', 'CVE-2026-0001', 'pkg:npm/lodash?vcs_url=x', undefined],
  ])('speaks %s', (_, name, product, expected) => {
    expect(statusOf(openVex({ vulnerability: { name }, products: [{ '@id': product }], status: 'fixed' }))).toEqual([
      expected,
    ]);
  });

  it('speaks of a part of a product only where that was scanned', () => {
    const document = openVex({
      vulnerability: 'CVE-2026-0001',
      products: [{ '@id': 'pkg:oci/shop', subcomponents: [{ identifiers: { purl: 'pkg:npm/lodash' } }] }],
      status: 'not_affected',
    });
    expect(statusOf(document)).toEqual([undefined]);
    expect(statusOf(document, [lodash], ['pkg:oci/shop@sha256:abc'])).toEqual(['not_affected']);
    expect(statusOf(document, [lodash], ['pkg:oci/other'])).toEqual([undefined]);
    expect(statusOf(document, [match('pkg:npm/other@1', 'CVE-2026-0001')], ['pkg:oci/shop'])).toEqual([undefined]);
  });

  it('counts by its latest statement', () => {
    const said = (status: string, timestamp: string) => ({
      vulnerability: { name: 'CVE-2026-0001' },
      products: [{ '@id': 'pkg:npm/lodash' }],
      status,
      timestamp,
    });
    const late = said('fixed', '2026-03-01T00:00:00Z');
    const early = said('under_investigation', '2026-02-01T00:00:00Z');
    expect(statusOf(openVex(late, early))).toEqual(['fixed']);
    expect(statusOf(openVex(early, late))).toEqual(['fixed']);
  });

  it('takes the most cautious of several authors, and tells the others', () => {
    const by = (author: string, status: string, timestamp: string) =>
      read({
        ...openVex({ vulnerability: 'CVE-2026-0001', products: ['pkg:npm/lodash'], status, timestamp }),
        '@id': `https://${author}.example/vex`,
        author,
      });
    const documents = [
      by('late', 'not_affected', '2026-05-01T00:00:00Z'),
      by('early', 'affected', '2026-01-01T00:00:00Z'),
    ];
    const [applied] = applyVex([lodash], documents);
    expect(applied?.vex).toMatchObject({ status: 'affected', author: 'early' });
    expect(applied?.vex?.others).toMatchObject([{ status: 'not_affected', author: 'late' }]);
  });

  it('takes a word on what was scanned before a word on the package anywhere', () => {
    const image = 'pkg:oci/shop@sha256:abc';
    const general = read(openVex({ vulnerability: 'CVE-2026-0001', products: ['pkg:npm/lodash'], status: 'affected' }));
    const exact = read({
      ...openVex({
        vulnerability: 'CVE-2026-0001',
        products: [{ '@id': 'pkg:oci/other@sha256:abc' }],
        status: 'fixed',
      }),
      author: 'Product team',
    });
    expect(applyVex([lodash], [general, exact], [image])[0]?.vex).toMatchObject({
      status: 'fixed',
      author: 'Product team',
    });
    expect(applyVex([lodash], [general, exact], ['pkg:oci/shop@sha256:def'])[0]?.vex?.status).toBe('affected');
  });

  it('never drops a match', () => {
    const matches = [lodash, match('pkg:npm/other@1', 'CVE-2026-0009')];
    const document = openVex({ vulnerability: 'CVE-2026-0001', products: ['pkg:npm/lodash'], status: 'not_affected' });
    expect(applyVex(matches, [read(document)])).toHaveLength(2);
  });
});

describe('CycloneDX VEX', () => {
  it.each([
    ['not_affected', 'not_affected'],
    ['false_positive', 'not_affected'],
    ['exploitable', 'affected'],
    ['in_triage', 'under_investigation'],
    ['resolved', 'fixed'],
  ])('%s is %s', (state, expected) => {
    const document = {
      bomFormat: 'CycloneDX',
      components: [{ 'bom-ref': 'one', purl: 'pkg:npm/lodash@4.17.20' }],
      vulnerabilities: [
        { id: 'CVE-2026-0001', analysis: { state, justification: 'code_not_reachable' }, affects: [{ ref: 'one' }] },
      ],
    };
    expect(statusOf(document)).toEqual([expected]);
  });

  it('refers into other documents and by package URL', () => {
    const vulnerabilities = (ref: string) => ({
      bomFormat: 'CycloneDX',
      vulnerabilities: [{ id: 'CVE-2026-0001', analysis: { state: 'resolved' }, affects: [{ ref }] }],
    });
    expect(statusOf(vulnerabilities('urn:cdx:3e671687/1#pkg%3Anpm%2Flodash%404.17.20'))).toEqual(['fixed']);
    expect(statusOf(vulnerabilities('pkg:npm/lodash@4.17.20'))).toEqual(['fixed']);
    expect(statusOf(vulnerabilities('urn:cdx:x#%zz'))).toEqual([undefined]);
  });
});

describe('CSAF VEX', () => {
  const csaf = {
    document: {
      category: 'csaf_vex',
      publisher: { name: 'Vendor' },
      tracking: { id: 'V-1', current_release_date: '2026-01-01T00:00:00Z' },
    },
    product_tree: {
      branches: [
        { branches: [{ product: { product_id: 'os', product_identification_helper: { purl: 'pkg:oci/shop' } } }] },
        { product: { product_id: 'lib', product_identification_helper: { purl: 'pkg:npm/lodash@4.17.20' } } },
      ],
      relationships: [
        { product_reference: 'lib', relates_to_product_reference: 'os', full_product_name: { product_id: 'os:lib' } },
      ],
    },
    vulnerabilities: [
      {
        cve: 'CVE-2026-0001',
        product_status: { known_not_affected: ['os:lib'], fixed: ['lib'] },
        flags: [{ label: 'vulnerable_code_not_present', product_ids: ['os:lib'] }],
        threats: [{ category: 'impact', details: 'Built without it.', product_ids: ['os:lib'] }],
      },
    ],
  };

  it('speaks of products and of their parts', () => {
    expect(statusOf(csaf)).toEqual(['fixed']);
    const inShop = {
      ...csaf,
      vulnerabilities: [{ ...csaf.vulnerabilities[0], product_status: { known_not_affected: ['os:lib'] } }],
    };
    expect(statusOf(inShop)).toEqual([undefined]);
    expect(applyVex([lodash], [read(inShop)], ['pkg:oci/shop'])[0]?.vex).toMatchObject({
      status: 'not_affected',
      justification: 'vulnerable_code_not_present',
      text: 'Built without it.',
      author: 'Vendor',
    });
  });

  it('survives a tree that nests without end', () => {
    let branch: object = { product: { product_id: 'deep' } };
    for (let level = 0; level < 3000; level += 1) branch = { branches: [branch] };
    expect(statusOf({ ...csaf, product_tree: { branches: [branch] } })).toEqual([undefined]);
  });
});

describe('what is no VEX document', () => {
  it.each([
    ['', 'bad-json'],
    ['{', 'bad-json'],
    ['[]', 'bad-vex'],
    ['null', 'bad-vex'],
    ['{"@context":"https://example.org"}', 'bad-vex'],
    ['{"bomFormat":"CycloneDX"}', 'bad-vex'],
    ['{"document":{}}', 'bad-vex'],
    [JSON.stringify(openVex({ vulnerability: 'CVE-1', status: 'maybe' })), 'bad-vex'],
    [' '.repeat(33 * 1024 * 1024), 'too-large'],
  ])('is refused', (text, code) => {
    expect(parseVex(text)).toMatchObject({ ok: false, error: { code } });
  });
});

describe('what we write', () => {
  const head = { id: 'https://console.example/vex/1', author: 'Parapet', at: '2026-11-01T00:00:00.000Z' };
  const findings = [
    {
      vulnerability: 'CVE-2026-0001',
      aliases: ['GHSA-aaaa-aaaa-aaaa'],
      purl: lodash.purl,
      state: 'open',
      fixedVersion: '4.17.21',
      at: head.at,
    },
    {
      vulnerability: 'CVE-2026-0002',
      aliases: [],
      purl: lodash.purl,
      state: 'accepted',
      reason: 'not reachable',
      at: head.at,
    },
    { vulnerability: 'CVE-2026-0003', aliases: [], purl: lodash.purl, state: 'fixed', at: head.at },
    {
      vulnerability: 'CVE-2026-0004',
      aliases: [],
      purl: lodash.purl,
      state: 'not_affected',
      justification: 'code_not_reachable',
      reason: 'Never called',
      at: head.at,
    },
    { vulnerability: 'GHSA-bbbb', aliases: [], purl: lodash.purl, state: 'under_investigation', at: head.at },
  ] as const;
  const matches = findings.map(({ vulnerability }) => match(lodash.purl, vulnerability));

  it.each([
    ['OpenVEX', writeOpenVex],
    ['CycloneDX', writeCycloneDxVex],
    [
      'CSAF',
      (...[said, top]: Parameters<typeof writeOpenVex>) =>
        writeCsafVex(said, { ...top, namespace: 'https://a.example' }),
    ],
  ] as const)('as %s is read as it was meant', (_, write) => {
    const parsed = parseVex(write(findings, head));
    if (!parsed.ok) throw new Error(parsed.error.message);
    const applied = applyVex(matches, [parsed.value]);
    expect(applied.map(({ vex }) => vex?.status)).toEqual([
      'affected',
      'affected',
      'fixed',
      'not_affected',
      'under_investigation',
    ]);
    expect(applied[3]?.vex?.justification).toMatch(/^(code_not_reachable|vulnerable_code_not_in_execute_path)$/);
    expect(applied[3]?.vex?.text).toBe('Never called');
    // Remediations of CSAF are for people and are not read back.
    if (parsed.value.format === 'csaf') return;
    expect(applied[0]?.vex?.text).toBe('Upgrade to 4.17.21');
    expect(applied[1]?.vex?.text).toBe('Accepted: not reachable');
  });

  it('names packages as parts of what was scanned', () => {
    const parsed = parseVex(writeOpenVex(findings, { ...head, product: 'pkg:oci/shop@sha256:abc' }));
    if (!parsed.ok) throw new Error(parsed.error.message);
    expect(applyVex(matches, [parsed.value], ['pkg:oci/shop@sha256:abc'])[2]?.vex?.status).toBe('fixed');
    expect(applyVex(matches, [parsed.value])[2]?.vex).toBeUndefined();
  });
});
