import { describe, expect, it } from 'vitest';
import { probedProcess } from '../../kernel-watch/testing/probed.ts';
import { createRightsMemory } from './rights-memory.ts';

const of = (uid: number, capabilities = 0n) =>
  probedProcess(1, 'x', { uid, effectiveUid: uid, gid: uid, capabilities });

describe('the memory of rights', () => {
  it('tells what there was before a change of user, or a capability gained, and nothing when less is left', () => {
    const memory = createRightsMemory();
    expect(memory.change('1:1', '0:0', of(0, 0b11n))).toBe('unknown');
    expect(memory.change('1:1', '0:0', of(0, 0b01n))).toBeUndefined();
    expect(memory.change('1:1', '0:0', of(0, 0b10n))).toMatchObject({ uid: 0, capabilities: 0b01n });
    expect(memory.change('1:1', '0:0', of(1000))).toMatchObject({ uid: 0, capabilities: 0b10n });
    expect(memory.change('1:1', '0:0', of(1000))).toBeUndefined();
  });

  it('takes a process that has not become another program for one with its parent’s rights', () => {
    const memory = createRightsMemory();
    memory.note('1:1', of(0));
    expect(memory.change('2:2', '1:1', of(1000))).toMatchObject({ uid: 0 });
    expect(memory.change('3:3', '1:1', of(0))).toBeUndefined();
  });

  it('holds so many, and forgets what ended', () => {
    const memory = createRightsMemory(10);
    for (let number = 0; number < 100; number += 1) memory.note(`${number}`, of(0));
    expect(memory.size()).toBe(10);
    memory.forget('99');
    expect(memory.change('99', '0:0', of(0))).toBe('unknown');
  });
});
