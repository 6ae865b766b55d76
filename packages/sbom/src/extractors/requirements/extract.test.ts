import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { requirements } from './index.ts';

const text = `# comment
a==1.0 \\
  --hash=sha256:00 --hash=sha256:11
b >= 2.0  # because
-i https://example.org/simple
-e git+https://example.org/c.git@0123456789abcdef#egg=c
--no-binary :all:
d==\${VERSION}
./local
`;

describe('a requirements file', () => {
  it('has pinned packages, ranges and repositories', async () => {
    const { packages } = await extractFrom(requirements, { '/app/requirements-dev.txt': text });
    expect(packages).toEqual([
      { name: 'a', version: '1.0', evidence: 'locked' },
      { name: 'b', version: '2.0', evidence: 'declared' },
      { name: 'c', version: '', commit: '0123456789abcdef' },
    ]);
  });

  it('includes others, each once, and none from outside of the target', async () => {
    const files = {
      '/app/requirements.txt': '-r more/base.txt\n-c../../../../limits.txt\n-r gone.txt\na==1',
      '/app/more/base.txt': '-r ../requirements.txt\n-r base.txt\nb==1\n-r requirements/c.txt',
      '/app/more/requirements/c.txt': 'c==1',
      '/limits.txt': 'd==1',
    };
    expect(await namesFrom(requirements, files)).toEqual(['a@1', 'b@1', 'c@1', 'd@1']);
  });

  it('is known by its name', async () => {
    const names = ['/requirements.txt', '/dev-requirements.txt', '/requirements/x.txt', '/README.txt', '/other/x.txt'];
    expect(
      await namesFrom(requirements, Object.fromEntries(names.map((name) => [name, `${name.length}==1`]))),
    ).toHaveLength(3);
  });

  it('may be UTF-16, and have a byte order mark', async () => {
    expect(await namesFrom(requirements, { '/requirements.txt': Buffer.from('\ufeffa==1', 'utf16le') })).toEqual([
      'a@1',
    ]);
    expect(await namesFrom(requirements, { '/requirements.txt': '\ufeffa==1' })).toEqual(['a@1']);
  });

  it('survives damage', () => survivesDamage(requirements, '/requirements.txt', text));
});
