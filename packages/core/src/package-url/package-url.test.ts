import { describe, expect, it } from 'vitest';
import { buildPackageUrl, formatPackageUrl, parsePackageUrl } from './package-url.ts';

const canonical = (text: string): string => {
  const parsed = parsePackageUrl(text);
  return parsed.ok ? formatPackageUrl(parsed.value) : parsed.error.code;
};

describe('parsePackageUrl', () => {
  it('reads every part', () => {
    expect(parsePackageUrl('pkg:npm/%40scope/name@1.0.0%2Bx?b=2&a=1%261#src/./lib/../x')).toEqual({
      ok: true,
      value: {
        type: 'npm',
        namespace: '@scope',
        name: 'name',
        version: '1.0.0+x',
        qualifiers: { a: '1&1', b: '2' },
        subpath: 'src/lib/x',
      },
    });
  });

  it.each([
    ['PKG:NPM/@scope/name@1', 'pkg:npm/%40scope/name@1'],
    ['pkg:npm/@scope/name', 'pkg:npm/%40scope/name'],
    ['pkg:///pypi/My_Package@1.0RC1', 'pkg:pypi/my-package@1.0rc1'],
    ['pkg:maven/org.x/Y@1?Type=jar&classifier=', 'pkg:maven/org.x/Y@1?type=jar'],
    ['pkg:golang/github.com/A/b@v1.0.0#c/d', 'pkg:golang/github.com/A/b@v1.0.0#c/d'],
    ['pkg:golang/stdlib@1.21', 'pkg:golang/stdlib@1.21'],
    ['pkg:composer/Foo/Bar', 'pkg:composer/foo/bar'],
    ['pkg:deb/Debian/Curl@1:2-3~x', 'pkg:deb/debian/curl@1:2-3~x'],
    ['pkg:git/codeberg.org/a/B@abc', 'pkg:git/codeberg.org/a/B@abc'],
    [
      'pkg:mlflow/Model@1?repository_url=https://x.azuredatabricks.net',
      'pkg:mlflow/model@1?repository_url=https:%2F%2Fx.azuredatabricks.net',
    ],
  ])('%s is %s', (text, expected) => expect(canonical(text)).toBe(expected));

  it('is the same when read again', () => {
    const once = canonical('pkg:Rpm/Fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25');
    expect(canonical(once)).toBe(once);
  });

  it.each([
    '',
    'npm/name',
    'pkg:npm',
    'pkg:npm/',
    'pkg:/name',
    'pkg:3d/name',
    'pkg:n&m/name',
    'pkg:npm/name?bad key=1',
    'pkg:npm/%zz',
    'pkg:maven/only-artifact@1',
    'pkg:cran/ns/name',
    'pkg:swift/github.com/Alamofire/@5.4.3',
    'pkg:julia/Dates@1',
    'pkg:cpan/URI::PackageURL',
    'pkg:chrome-extension/dogs',
    `pkg:npm/${'x'.repeat(10_000)}`,
  ])('%j is none', (text) => expect(canonical(text)).toBe('bad-purl'));
});

describe('buildPackageUrl', () => {
  it('brings parts into the form of their type', () => {
    expect(buildPackageUrl({ type: 'PyPI', name: 'A_b', version: '1' })).toMatchObject({
      ok: true,
      value: { name: 'a-b' },
    });
    expect(buildPackageUrl({ type: 'cpan', namespace: 'gdt', name: 'X' })).toMatchObject({
      value: { namespace: 'GDT' },
    });
  });

  it('refuses parts that make none', () => {
    expect(buildPackageUrl({ name: 'x' })).toMatchObject({ ok: false });
    expect(buildPackageUrl({ type: 'npm', name: '' })).toMatchObject({ ok: false });
    expect(buildPackageUrl({ type: 'npm', name: 'x', qualifiers: { 'a b': '1' } })).toMatchObject({ ok: false });
  });
});
