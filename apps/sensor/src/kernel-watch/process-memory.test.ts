import { describe, expect, it } from 'vitest';
import { createProcessMemory } from './process-memory.ts';

const shell = { name: 'sh', executable: '/bin/sh' };

describe('the memory of processes', () => {
  it('takes a new process for its parent’s program until it becomes another', () => {
    const memory = createProcessMemory();
    memory.remember('1:1', shell);
    memory.inherit('2:2', '1:1');
    memory.inherit('3:3', '9:9');
    expect(memory.recall('2:2')).toEqual(shell);
    expect(memory.recall('3:3')).toBeUndefined();
  });

  it('forgets what ended but for the last ones, and does not let these push out the living', () => {
    const memory = createProcessMemory({ living: 10, ended: 2 });
    memory.remember('living', shell);
    for (let number = 0; number < 100; number += 1) {
      memory.inherit(`${number}`, 'living');
      memory.end(`${number}`);
    }
    expect(memory.size()).toBe(3);
    expect(memory.recall('99')).toEqual(shell);
    expect(memory.recall('0')).toBeUndefined();
    expect(memory.recall('living')).toEqual(shell);
  });

  it('is bounded where ends are not told', () => {
    const memory = createProcessMemory({ living: 10, ended: 2 });
    for (let number = 0; number < 100; number += 1) memory.remember(`${number}`, shell);
    expect(memory.size()).toBe(10);
    expect(memory.recall('99')).toEqual(shell);
  });
});
