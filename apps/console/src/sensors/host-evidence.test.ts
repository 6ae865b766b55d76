import { expect, test } from 'vitest';
import { isSameHost, type KnownHost, usableEvidence } from './host-evidence.ts';

const known = (part: Partial<KnownHost>): KnownHost => ({
  hostId: 'h',
  hostname: 'box',
  machineId: null,
  dmiUuid: null,
  cloudInstanceId: null,
  lastSeenAtMs: 0,
  ...part,
});

test.each([
  ['same machine id, nothing else known', { machineId: 'm1' }, { machineId: 'm1' }, true],
  ['same machine id and mainboard', { machineId: 'm1', dmiUuid: 'd1' }, { machineId: 'm1', dmiUuid: 'd1' }, true],
  ['a copied disk in another machine', { machineId: 'm1', dmiUuid: 'd1' }, { machineId: 'm1', dmiUuid: 'd2' }, false],
  ['installed anew', { machineId: 'm1', dmiUuid: 'd1' }, { machineId: 'm2', dmiUuid: 'd1' }, false],
  [
    'same cloud instance, re-imaged',
    { cloudInstanceId: 'i1', machineId: 'm1' },
    { cloudInstanceId: 'i1', machineId: 'm2' },
    true,
  ],
  [
    'an image of a cloud instance',
    { cloudInstanceId: 'i1', machineId: 'm1' },
    { cloudInstanceId: 'i2', machineId: 'm1' },
    false,
  ],
  ['the hostname alone tells nothing', {}, {}, false],
])('%s', (_name, before, now, same) => {
  expect(isSameHost(known(before), { hostname: 'box', ...now })).toBe(same);
});

test('evidence that many machines share is dropped, the rest is normalised', () => {
  expect(
    usableEvidence({
      hostname: 'box',
      machineId: '00000000000000000000000000000000',
      dmiUuid: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
      cloudInstanceId: ' I-0ABC1234DEF ',
    }),
  ).toEqual({ hostname: 'box', cloudInstanceId: 'i-0abc1234def' });
  expect(usableEvidence({ hostname: 'box', dmiUuid: 'Not Settable' })).toEqual({ hostname: 'box' });
});
