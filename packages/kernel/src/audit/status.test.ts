import { expect, it } from 'vitest';
import { viewOf } from '../netlink/message.ts';
import { decodeStatus, encodeChange } from './status.ts';

it('reads what Linux 4.4 and later ones say', () => {
  const payload = Uint8Array.from({ length: 44 }, (_, index) => (index % 4 === 0 ? index / 4 : 0));
  const expected = { enabled: 1, failure: 2, pid: 3, backlogLimit: 5, lost: 6, backlogWaitTime: 9 };
  expect(decodeStatus(payload)).toEqual(expected);
  expect(decodeStatus(payload.subarray(0, 40))).toEqual(expected);
  expect(decodeStatus(payload.subarray(0, 36))).toBeUndefined();
});

it('sets what is named and says which', () => {
  const payload = encodeChange({ enabled: 1, backlogWaitTime: 0, backlogLimit: 0xffff_ffff });
  expect(payload).toHaveLength(40);
  expect(viewOf(payload).getUint32(0, true)).toBe(1 | 0x10 | 0x20);
  expect(decodeStatus(payload)).toEqual({
    ...{ enabled: 1, failure: 0, pid: 0, backlogLimit: 0xffff_ffff, lost: 0, backlogWaitTime: 0 },
  });
  expect(viewOf(encodeChange({ pid: 77, failure: 1 })).getUint32(0, true)).toBe(2 | 4);
});
