import { describe, expect, it } from 'vitest';
import { parseRequirement } from './python-requirement.ts';

describe('a requirement of Python', () => {
  it.each([
    ['a==1.0', 'a', '1.0', 'locked'],
    ['a.b_c [x, y] === 1!2.0.post1+l ; python_version < "3"', 'a.b_c', '1!2.0.post1+l', 'locked'],
    ['a>=1.0,<2', 'a', '1.0', 'declared'],
    ['a (~=1.4.2)', 'a', '1.4.2', 'declared'],
    ['a!=1.0', 'a', '', 'declared'],
    ['a==1.*', 'a', '', 'declared'],
    ['a>1,==1.5', 'a', '1.5', 'locked'],
    ['a', 'a', '', 'declared'],
  ])('%s', (text, name, version, evidence) => expect(parseRequirement(text)).toEqual({ name, version, evidence }));

  it('from a repository has its commit', () => {
    expect(parseRequirement('a @ git+https://example.org/a.git@0123456789abcdef')).toEqual({
      name: 'a',
      version: '',
      evidence: 'declared',
      commit: '0123456789abcdef',
    });
  });

  it.each(['', '-r other.txt', '%s==1.0', 'a==$VERSION', 'a==', 'a == {}', './local', 'a words'])('not %s', (text) => {
    expect(parseRequirement(text)).toBeUndefined();
  });
});
