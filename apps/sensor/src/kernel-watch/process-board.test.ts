import type { ProbedEvent } from '@parapet/kernel';
import { describe, expect, it } from 'vitest';
import { createProcessBoard } from './process-board.ts';
import { probedProcess } from './testing/probed.ts';

const fork = (pid: number, comm: string): ProbedEvent => ({
  kind: 'fork',
  ...{ atNs: 1n, cpu: 0, process: probedProcess(pid, comm) },
});
const exit = (pid: number, comm: string): ProbedEvent => ({ ...fork(pid, comm), kind: 'exit', exitCode: 0, signal: 0 });

describe('the board of processes', () => {
  it('knows who has a number, and who had it until a moment ago', () => {
    const board = createProcessBoard();
    board.take(fork(7, 'first'));
    board.take(exit(7, 'first'));
    expect(board.at(7)?.comm).toBe('first');
    board.take(fork(7, 'second'));
    expect(board.at(7)?.comm).toBe('second');
    expect(board.at(8)).toBeUndefined();
  });

  it('keeps only so many', () => {
    const board = createProcessBoard({ living: 10, ended: 2 });
    for (let pid = 1; pid <= 100; pid += 1) board.take(fork(pid, 'living'));
    for (let pid = 200; pid < 300; pid += 1) board.take(exit(pid, 'ended'));
    expect(board.size()).toBe(12);
    expect(board.at(100)?.comm).toBe('living');
    expect(board.at(1)).toBeUndefined();
  });
});
