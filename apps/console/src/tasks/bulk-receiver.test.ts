import { createOneAtATime } from '@parapet/core';
import { expect, test } from 'vitest';
import { createBulkReceiver } from './bulk-receiver.ts';
import type { SpooledTransfer } from './bulk-spool.ts';

const begin = {
  kind: 'bulk-begin',
  transferId: '00000000-0000-4000-8000-000000000002',
  taskId: '00000000-0000-4000-8000-000000000003',
  content: 'sbom',
  sizeBytes: 10,
  sha256: '0'.repeat(64),
} as const;

/** A file that is left open for the garbage collector to find ends the whole console. */
test('a connection that ends while its transfer is being opened leaves no file open', async () => {
  const opening = Promise.withResolvers<SpooledTransfer>();
  let closed = 0;
  const said: string[] = [];
  const receiver = createBulkReceiver({
    hostId: '00000000-0000-4000-8000-000000000001',
    spool: { open: () => opening.promise, clean: async () => undefined },
    gate: createOneAtATime(),
    answer: ({ state }) => void said.push(state),
    refuse: (code) => void said.push(code),
    deliver: async () => undefined,
  });
  const handled = receiver.onMessage(begin);
  await Promise.resolve();
  receiver.close();
  opening.resolve({
    begin,
    offset: () => 0,
    append: async () => undefined,
    sync: async () => undefined,
    finish: async () => undefined,
    discard: async () => undefined,
    close: async () => {
      closed += 1;
    },
  });
  await handled;
  expect(closed).toBe(1);
  expect(said).toEqual([]);
});
