import { expect, test } from 'vitest';
import type { DiskState } from './disk.ts';
import { createWriteGate, requireRoomToWrite, whileOpen } from './write-gate.ts';

const guarded = (holdsDatabase: boolean) => {
  let state: DiskState = 'ok';
  const listeners: ((state: DiskState) => void)[] = [];
  const gate = createWriteGate(
    { state: () => state, onChange: (listener) => void listeners.push(listener) },
    holdsDatabase,
  );
  const become = (next: DiskState): void => {
    state = next;
    for (const listener of listeners) listener(next);
  };
  return { gate, become };
};

test('a full disk closes it for the data folder, and for the database that lies there', () => {
  const own = guarded(true);
  const elsewhere = guarded(false);
  for (const { gate, become } of [own, elsewhere]) {
    become('tight');
    expect([gate.isOpen('database'), gate.isOpen('folder')]).toEqual([true, true]);
    become('full');
    expect(gate.isOpen('folder')).toBe(false);
    expect(() => requireRoomToWrite(gate, 'folder')).toThrow('disk is full');
  }
  expect(own.gate.isOpen('database')).toBe(false);
  expect(elsewhere.gate.isOpen('database')).toBe(true);
  expect(() => requireRoomToWrite(elsewhere.gate, 'database')).not.toThrow();
});

test('who waits goes on when there is room again, each time', async () => {
  const { gate, become } = guarded(true);
  await gate.opened('folder');
  for (let round = 0; round < 2; round += 1) {
    become('full');
    let passed = false;
    const waiting = gate.opened('folder').then(() => {
      passed = true;
    });
    await Promise.resolve();
    expect(passed).toBe(false);
    become('tight');
    await waiting;
    expect(passed).toBe(true);
  }
});

test('a turn is left out while it is closed, and listeners hear of every change', async () => {
  const { gate, become } = guarded(true);
  let [turns, changes] = [0, 0];
  gate.onChange(() => {
    changes += 1;
  });
  const turn = whileOpen(gate, 'database', async () => {
    turns += 1;
  });
  await turn();
  become('full');
  await turn();
  become('ok');
  await turn();
  expect([turns, changes]).toEqual([2, 2]);
});
