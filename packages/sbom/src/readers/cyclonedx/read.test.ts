import { describe, expect, it } from 'vitest';
import { sampleSbom } from '../../testing/sample-sbom.ts';
import { writeCycloneDx } from '../../writers/cyclonedx/write.ts';
import { readSbom } from '../read-sbom.ts';

const options = { name: 'x.json', at: '2026-11-28T00:00:00.000Z' };
const read = (document: object, specVersion = '1.6') => {
  const result = readSbom(JSON.stringify({ bomFormat: 'CycloneDX', specVersion, ...document }), options);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};
const library = (purl: string, more: object = {}) => ({ type: 'library', name: 'n', purl, ...more });

describe('CycloneDX', () => {
  it('that our writer wrote has the same packages', () => {
    const back = readSbom(
      writeCycloneDx(sampleSbom, { documentId: '11111111-2222-4333-8444-555555555555', toolVersion: '1' }),
      options,
    );
    if (!back.ok) throw new Error(back.error.message);
    expect(back.value.distribution).toMatchObject({ id: 'alpine', versionId: '3.20.3' });
    expect(back.value.target).toEqual(sampleSbom.target);
    const known = ({ purl, type, name, version, source, location }: (typeof sampleSbom.packages)[number]) => [
      ...[purl, type, name, version, source, location],
    ];
    expect(back.value.packages.map(known)).toEqual(sampleSbom.packages.map(known));
  });

  it.each(['1.2', '1.3', '1.4', '1.5', '1.6', '1.7'])('%s is read', (version) => {
    expect(read({ components: [library('pkg:npm/a@1')] }, version)).toMatchObject({
      status: 'succeeded',
      target: { kind: 'directory', name: 'x.json' },
      createdAt: options.at,
      packages: [{ type: 'npm', name: 'a', version: '1' }],
    });
  });

  it.each(['1.1', '2.0', 'x'])('%s is refused', (version) => {
    expect(() => read({}, version)).toThrow('is not known');
  });

  it.each([
    [
      'pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12&upstream=openssl',
      { type: 'dpkg', source: { name: 'openssl', version: '3.0.11-1' } },
    ],
    [
      'pkg:rpm/redhat/curl@7.61-1.el8?epoch=2&upstream=curl-7.61-1.el8.src.rpm',
      { name: 'curl', version: '2:7.61-1.el8', source: { name: 'curl', version: '2:7.61-1.el8' } },
    ],
    ['pkg:maven/org.x/y@1', { name: 'org.x:y' }],
    ['pkg:npm/%40a/b@1', { name: '@a/b' }],
    ['pkg:golang/github.com/a/b@v1.2.3', { name: 'github.com/a/b', version: '1.2.3' }],
  ])('%s is named as advisories name it', (purl, expected) => {
    expect(read({ components: [library(purl)] }).packages).toMatchObject([expected]);
  });

  it.each([
    ['pkg:deb/debian/a@1?distro=debian-12.5', { id: 'debian', versionId: '12.5' }],
    ['pkg:apk/alpine/a@1?distro=3.19.1', { id: 'alpine', versionId: '3.19.1' }],
    ['pkg:rpm/opensuse/a@1?distro=opensuse-leap-15.5', { id: 'opensuse-leap', versionId: '15.5' }],
    ['pkg:rpm/redhat/a@1?distro=redhat-9.3', { id: 'rhel', versionId: '9.3' }],
  ])('%s tells the distribution', (purl, expected) => {
    expect(read({ components: [library(purl)] }).distribution).toMatchObject(expected);
  });

  it('knows the properties of other generators', () => {
    const properties = [
      { name: 'aquasecurity:trivy:SrcName', value: 'openssl' },
      { name: 'aquasecurity:trivy:SrcVersion', value: '3.0.11' },
      { name: 'aquasecurity:trivy:SrcRelease', value: '1' },
      { name: 'syft:location:0:path', value: '/var/lib/dpkg/status' },
    ];
    expect(read({ components: [library('pkg:deb/debian/libssl3@3.0.11-1', { properties })] }).packages).toMatchObject([
      { source: { name: 'openssl', version: '3.0.11-1' }, location: '/var/lib/dpkg/status' },
    ]);
  });

  it('says what it leaves out', () => {
    const sbom = read({
      components: [library('pkg:npm/a@1'), { type: 'library', name: 'nameless' }, library('nonsense'), 7],
    });
    expect(sbom.packages).toHaveLength(1);
    expect(sbom.status).toBe('partial');
    expect(sbom.problems.map(({ code }) => code)).toEqual(['bad-purl', 'bad-component', 'no-purl']);
  });

  it('reads components in components, but not without end', () => {
    let nested: object = library('pkg:npm/deepest@1');
    for (let depth = 0; depth < 100; depth += 1) nested = library(`pkg:npm/d${depth}@1`, { components: [nested] });
    const sbom = read({ components: [nested] });
    expect(sbom.packages).toHaveLength(65);
    expect(sbom.problems).toMatchObject([{ code: 'too-deep' }]);
  });

  it('keeps to the limit of packages and counts the rest', () => {
    const sbom = read({ components: Array.from({ length: 100_003 }, (_, index) => library(`pkg:npm/p${index}@1`)) });
    expect(sbom.packages).toHaveLength(100_000);
    expect(sbom.problems).toMatchObject([{ message: expect.stringContaining('3 packages beyond') }]);
  });

  it.each([
    ['', 'not JSON'],
    ['<bom/>', 'looks like XML'],
    ['null', 'neither CycloneDX nor SPDX'],
    ['[]', 'neither CycloneDX nor SPDX'],
    ['{"bomFormat":"CycloneDX"}', 'no CycloneDX document'],
    ['{"bomFormat":"CycloneDX","specVersion":"1.6","components":7}', 'no CycloneDX document'],
    ['{"bomFormat":"CycloneDX","specVersion":"1.6","components":[', 'not JSON'],
    ['['.repeat(200_000), 'not JSON'],
  ])('%.40j is refused', (text, message) => {
    const result = readSbom(text, options);
    expect(result.ok ? 'read' : result.error.message).toContain(message);
  });
});
