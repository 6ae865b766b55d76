import { ok } from '@parapet/core';
import type { FlowTracking, TrackedFlow } from '@parapet/kernel';
import { expect, it } from 'vitest';
import { createFlowNews } from './flow-news.ts';
import { createFlowTable } from './flow-table.ts';
import { flow } from './testing/fakes.ts';

const published = flow(['10.9.0.2:5000', '10.9.0.1:8080'], ['172.30.0.2:80', '10.9.0.2:5000']);
const plain = flow(['10.9.0.2:7000', '10.9.0.1:22'], ['10.9.0.1:22', '10.9.0.2:7000']);

const createStage = () => {
  const kernel = {
    table: [] as TrackedFlow[],
    began: [] as TrackedFlow[],
    ended: [] as TrackedFlow[],
    overruns: 0,
    complete: true,
  };
  const told: string[] = [];
  const tracking: FlowTracking = {
    list: (onFlow) => {
      for (const tracked of kernel.table) onFlow(tracked);
      return ok({ complete: kernel.complete });
    },
    find: () => undefined,
    drain: (events) => {
      for (const tracked of kernel.began.splice(0)) events.onNew(tracked);
      for (const tracked of kernel.ended.splice(0)) events.onEnd(tracked);
      const outcome = { overruns: kernel.overruns, more: false };
      kernel.overruns = 0;
      return outcome;
    },
    close: () => {},
  };
  const flows = createFlowTable(10, () => {});
  const news = createFlowNews({
    flows,
    tracking,
    onOverrun: () => told.push('overrun'),
    onBegan: (client, server) => told.push(`${client} ${server}`),
  });
  return { kernel, told, flows, news };
};

it('follows flows from begin to end', () => {
  const { kernel, told, flows, news } = createStage();
  expect(news.everSaw()).toBe(false);
  kernel.began.push(published, plain);
  expect(news.drain(0)).toBe(2);
  expect(told).toEqual(['10.9.0.2 172.30.0.2', '10.9.0.2 10.9.0.1']);
  kernel.ended.push({ ...published, bytes: { original: 1, reply: 2 } });
  news.drain(1);
  expect([...flows.flows()].map((one) => [one.ended, one.tracked.bytes?.reply])).toEqual([
    [true, 2],
    [false, undefined],
  ]);
  expect(news.everSaw()).toBe(true);
});

it('keeps zones apart, where the same addresses are other machines', () => {
  const { kernel, flows, news } = createStage();
  kernel.began.push({ ...published, zone: 5 });
  news.drain(0);
  expect(flows.size()).toBe(0);
});

it('compares with the kernel’s table after an overrun', () => {
  const { kernel, told, flows, news } = createStage();
  kernel.began.push(plain);
  news.drain(0);
  kernel.table = [published];
  kernel.overruns = 1;
  news.drain(1);
  expect(told).toContain('overrun');
  expect([...flows.flows()].map((one) => [one.tracked, one.ended])).toEqual([
    [plain, true],
    [published, false],
  ]);
});

it('ends nothing by a table that is not whole, and takes in nothing that its sockets have told', () => {
  const { kernel, flows, news } = createStage();
  kernel.began.push(published);
  news.drain(0);
  kernel.complete = false;
  kernel.table = [plain];
  news.reconcile(1);
  expect([...flows.flows()].map((one) => [one.tracked, one.ended])).toEqual([[published, false]]);
});

it('is quiet where there is no connection tracking', () => {
  const news = createFlowNews({
    flows: createFlowTable(1, () => {}),
    tracking: undefined,
    onOverrun: () => {},
    onBegan: () => {},
  });
  expect(news.drain(0)).toBe(0);
  news.reconcile(0);
  expect(news.everSaw()).toBe(false);
});
