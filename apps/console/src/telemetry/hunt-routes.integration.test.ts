import { expect, test } from 'vitest';
import { startTestConsole } from '../testing/test-console.ts';

const children = (): number => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;

test('who opens the page of hunts finds what reads events started', async () => {
  await using running = await startTestConsole();
  const headers = await running.tokenOf({ role: 'operator' });
  const before = children();
  const fields = await running.send({ method: 'GET', url: '/api/v1/hunt/fields', headers });
  expect(fields.status).toBe(200);
  expect(children()).toBe(before + 1);
});
