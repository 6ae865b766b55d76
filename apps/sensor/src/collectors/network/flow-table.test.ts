import { expect, it } from 'vitest';
import { createFlowTable, type Flow, isTranslated } from './flow-table.ts';
import { end, flow } from './testing/fakes.ts';

const published = flow(['10.9.0.2:5000', '10.9.0.1:8080'], ['172.30.0.2:80', '10.9.0.2:5000']);
const masqueraded = flow(['172.30.0.2:6000', '10.9.0.2:9000'], ['10.9.0.2:9000', '10.9.0.1:61000']);
const plain = flow(['10.9.0.2:7000', '10.9.0.1:22'], ['10.9.0.1:22', '10.9.0.2:7000']);

it('finds a flow by what each end sees', () => {
  const table = createFlowTable(10, () => {});
  for (const tracked of [published, masqueraded, plain]) table.add(tracked, 0);
  expect(table.byServer('tcp', end('172.30.0.2:80'), end('10.9.0.2:5000'))?.tracked).toBe(published);
  expect(table.byClient('tcp', end('172.30.0.2:6000'), end('10.9.0.2:9000'))?.tracked).toBe(masqueraded);
  expect(table.byServer('tcp', end('10.9.0.1:22'), end('10.9.0.2:7000'))?.tracked).toBe(plain);
  expect(table.byClient('udp', end('10.9.0.2:7000'), end('10.9.0.1:22'))).toBeUndefined();
});

it('keeps a flow it knows, and replaces one whose translation is another', () => {
  const table = createFlowTable(10, () => {});
  const first = table.add(published, 0);
  expect(table.add({ ...published }, 5)).toBe(first);
  const moved = flow(['10.9.0.2:5000', '10.9.0.1:8080'], ['172.30.0.3:80', '10.9.0.2:5000']);
  expect(table.add(moved, 6)).not.toBe(first);
  expect(table.byServer('tcp', end('172.30.0.2:80'), end('10.9.0.2:5000'))).toBeUndefined();
  expect(table.size()).toBe(1);
});

it('lets the oldest go when it is full, and says so', () => {
  const evicted: Flow[] = [];
  const table = createFlowTable(2, (old) => evicted.push(old));
  for (const tracked of [published, masqueraded, plain]) table.add(tracked, 0);
  expect(evicted.map((old) => old.tracked)).toEqual([published]);
  expect(table.size()).toBe(2);
  expect(table.byServer('tcp', end('172.30.0.2:80'), end('10.9.0.2:5000'))).toBeUndefined();
});

it('tells translated flows from plain ones', () => {
  expect([published, masqueraded, plain].map(isTranslated)).toEqual([true, true, false]);
});
