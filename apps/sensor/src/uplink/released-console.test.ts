import { readReleasedFrames } from '@parapet/testkit';
import { describe, expect, it } from 'vitest';
import { createInbound } from './inbound.ts';

describe.each(readReleasedFrames())('a console of $version', (released) => {
  it('is understood in everything it says', () => {
    const inbound = createInbound();
    for (const { channel, kinds, base64 } of released.console) {
      const read = inbound.read(Buffer.from(base64, 'base64'));
      expect(read, `${channel}: ${kinds.join(', ')}`).toMatchObject({ ok: true });
      const messages = read.ok ? read.value : [];
      expect([...new Set(messages.map(({ message }) => message.kind))]).toEqual(kinds);
    }
    expect(inbound.unknown()).toBe(0);
  });
});
