import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { cpan } from './index.ts';

const snapshot = `# carton snapshot format: version 1.0
DISTRIBUTIONS
  Fast-Text-1.10
    pathname: S/SA/SAMPLE/Fast-Text-1.10.tar.gz
    provides:
      Fast::Text 1.10
      Fast::Text::Old-0.1 undef
    requirements:
      perl 5.006
  Other-v2.0.1-TRIAL
    pathname: O/OT/OTHER/Other-v2.0.1-TRIAL.tar.gz
  Lonely-1.0
`;

const meta = JSON.stringify({
  name: 'Fast-Text',
  version: '1.10',
  license: ['perl_5'],
  'meta-spec': { version: 2 },
});

describe('Perl', () => {
  it('tells what Carton has locked', async () => {
    const files = { '/app/cpanfile.snapshot': snapshot };
    expect(await namesFrom(cpan, files)).toEqual(['OTHER/Other@v2.0.1-TRIAL', 'SAMPLE/Fast-Text@1.10']);
    expect((await packagesOf(files))[0]?.purl).toBe('pkg:cpan/SAMPLE/Fast-Text@1.10');
  });

  it('tells what cpanm has installed', async () => {
    const path = '/usr/local/lib/perl5/site_perl/x86_64-linux/.meta/Fast-Text-1.10/MYMETA.json';
    expect((await extractFrom(cpan, { [path]: meta })).packages).toEqual([
      { name: 'Fast-Text', version: '1.10', licences: ['perl_5'], evidence: 'installed' },
    ]);
    expect(await namesFrom(cpan, { '/x/META.yml': 'name: Old\nversion: 0.10\nmeta-spec:\n  version: 1.4\n' })).toEqual([
      'Old@0.10',
    ]);
  });

  it('leaves META files of others alone', async () => {
    expect(await namesFrom(cpan, { '/x/META.json': '{"name":"x","version":"1"}' })).toEqual([]);
  });

  it('survives damage', async () => {
    await survivesDamage(cpan, '/cpanfile.snapshot', snapshot);
    await survivesDamage(cpan, '/META.json', meta);
  });
});
