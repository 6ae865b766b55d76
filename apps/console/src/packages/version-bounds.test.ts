import { describe, expect, test } from 'vitest';
import { parseVersionBounds, schemeOfType } from './version-bounds.ts';

const holds = (text: string, type: string, version: string): boolean | undefined => {
  const parsed = parseVersionBounds(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value.hold(type, version);
};

describe('bounds of versions', () => {
  test.each([
    ['>=2.0 <2.17.1', 'maven', '2.14.1', true],
    ['>=2.0,<2.17.1', 'maven', '2.17.1', false],
    ['>= 2.0, < 2.17.1', 'maven', '2.0', true],
    ['<1.10.0', 'npm', '1.9.0', true],
    ['< 1:9.2p1-2+deb12u3', 'dpkg', '1:9.2p1-2+deb12u2', true],
    ['<3.0.15-1~deb12u1', 'dpkg', '3.0.15-1~deb12u1', false],
    ['1.0', 'pypi', '1.0.0', true],
    ['==1.0', 'pypi', '1.1', false],
    ['!=1.0', 'gem', '1.1', true],
    ['<=1.36.1-r4', 'apk', '1.36.1-r4', true],
  ] as const)('%s for %s %s: %s', (text, type, version, expected) => expect(holds(text, type, version)).toBe(expected));

  test('a kind without an order is only asked for equality', () => {
    expect(schemeOfType('made-up')).toBeUndefined();
    expect(holds('1.0', 'made-up', '1.0')).toBe(true);
    expect(holds('1.0', 'made-up', '1.0.0')).toBe(false);
    expect(holds('<2', 'made-up', '1.0')).toBeUndefined();
    expect(holds('!=1.0 <2', 'made-up', '1.0')).toBe(false);
  });

  test.each(['', '  ', '<', '>=1 <', '<>1', '1 2 3 4 5 6 7 8 9'])('“%s” is refused', (text) => {
    expect(parseVersionBounds(text)).toMatchObject({ ok: false, error: { code: 'bad-version' } });
  });

  test.each(['dpkg', 'apk', 'rpm', 'pacman', 'npm', 'golang', 'cargo', 'nuget', 'composer'])(
    '%s has an order',
    (type) => expect(schemeOfType(type)).toBeDefined(),
  );
});
