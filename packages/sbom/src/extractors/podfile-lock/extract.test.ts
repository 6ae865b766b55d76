import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { podfileLock } from './index.ts';

const lock = `PODS:
  - Net/Core (2.1.0)
  - Net/TLS (2.1.0):
    - Net/Core
    - Sock (~> 1.0)
  - Sock (1.10)
  - Own (0.3.0)
  - nothing

DEPENDENCIES:
  - Net/TLS (~> 2.0)
  - "Own (from \`https://example.org/own.git\`, branch \`main\`)"

CHECKOUT OPTIONS:
  Own:
    :commit: 0123456789abcdef0123456789abcdef01234567
    :git: https://example.org/own.git

COCOAPODS: 1.15.2
`;

describe('Podfile.lock', () => {
  it('tells each pod once, with commits and what was asked for', async () => {
    expect((await extractFrom(podfileLock, { '/ios/Podfile.lock': lock })).packages).toEqual([
      { name: 'Net', version: '2.1.0', isDirect: true },
      { name: 'Sock', version: '1.10' },
      { name: 'Own', version: '0.3.0', isDirect: true, commit: '0123456789abcdef0123456789abcdef01234567' },
    ]);
  });

  it('is a problem when it is none', async () => {
    expect((await extractFrom(podfileLock, { '/Podfile.lock': 'no lock' })).problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(podfileLock, '/Podfile.lock', lock));
});
