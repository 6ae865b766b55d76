import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { swiftResolved } from './index.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

const second = JSON.stringify({
  pins: [
    {
      identity: 'log',
      kind: 'remoteSourceControl',
      location: 'https://example.org/Sample/Log.git',
      state: { revision: commit, version: '1.5.3' },
    },
    {
      identity: 'branch',
      kind: 'remoteSourceControl',
      location: 'git@example.org:sample/branch',
      state: { branch: 'main', revision: commit },
    },
    { identity: 'sample.json', kind: 'registry', location: '', state: { version: '2.0.0' } },
    { identity: 'own', kind: 'localSourceControl', location: '/srv/own', state: { revision: commit } },
    { identity: 'nowhere', kind: 'remoteSourceControl', state: { version: '1.0.0' } },
  ],
  version: 2,
});

const first = JSON.stringify({
  object: {
    pins: [
      {
        package: 'Log',
        repositoryURL: 'ssh://git@example.org:22/sample/log.git',
        state: { branch: null, revision: commit, version: '1.5.3' },
      },
    ],
  },
  version: 1,
});

describe('Package.resolved', () => {
  it('tells each pin by its repository, with the commit', async () => {
    expect((await extractFrom(swiftResolved, { '/app/Package.resolved': second })).packages).toEqual([
      { name: 'example.org/Sample/Log', version: '1.5.3', commit },
      { name: 'example.org/sample/branch', version: '', commit },
      { name: 'sample.json', version: '2.0.0' },
    ]);
  });

  it('of the first version', async () => {
    expect(await namesFrom(swiftResolved, { '/Package.resolved': first })).toEqual(['example.org/sample/log@1.5.3']);
    expect((await packagesOf({ '/Package.resolved': first }))[0]?.purl).toBe('pkg:swift/example.org/sample/log@1.5.3');
  });

  it('is a problem when it is none', async () => {
    expect((await extractFrom(swiftResolved, { '/Package.resolved': '[]' })).problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(swiftResolved, '/Package.resolved', second));
});
