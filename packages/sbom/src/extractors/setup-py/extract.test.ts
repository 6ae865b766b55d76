import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { setupPy } from './index.ts';

const script = `from setuptools import setup
version = 'x==9.9'
setup(
    name='sample',
    install_requires=[
        'a==1.0',  # not 'c==1.0'
        "b>=2.0,<3; python_version < '3.9'",
        '%s==1' % name, 'd=={}'.format(v),
        'unpinned',
    ],
    extras_require={'more': ['e==5']},
    tests_require=("f==6",),
    classifiers=['g==7'],
)
`;

describe('setup.py', () => {
  it('requires what its lists say in plain text', async () => {
    expect((await extractFrom(setupPy, { '/setup.py': script })).packages).toEqual([
      { name: 'a', version: '1.0', evidence: 'locked', isDirect: true },
      { name: 'b', version: '2.0', evidence: 'declared', isDirect: true },
      { name: 'e', version: '5', evidence: 'locked', scope: 'optional', isDirect: true },
      { name: 'f', version: '6', evidence: 'locked', scope: 'test', isDirect: true },
    ]);
  });

  it('survives damage', () => survivesDamage(setupPy, '/setup.py', script));
});
