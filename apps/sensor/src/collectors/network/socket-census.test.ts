import { ok, type Problem, type Result } from '@parapet/core';
import type { SocketEnds, SocketRow } from '@parapet/kernel';
import { expect, it } from 'vitest';
import { createConnectionIndex } from './connection-index.ts';
import type { NamespaceView } from './network-view.ts';
import { createSocketCensus } from './socket-census.ts';
import { end, fakeView, listenAt, listener, row } from './testing/fakes.ts';

const web = row({ local: end('10.0.0.1:5000'), peer: end('10.0.0.2:80'), inode: 5, bytes: { sent: 1, received: 1 } });
const bound = row({ state: 'listening', local: end('0.0.0.0:80'), peer: end('0.0.0.0:0'), inode: 6 });

const createStage = (capacity = 10) => {
  let table: readonly SocketRow[] = [];
  let ends: SocketRow[] = [];
  let overruns = 0;
  let looks = 0;
  let answer: Result<{ readonly complete: boolean }, Problem> = ok({ complete: true });
  const source: SocketEnds = {
    drain: (onEnd) => {
      const taken = ends;
      ends = [];
      for (const one of taken) onEnd(one);
      const outcome = { overruns, more: false };
      overruns = 0;
      return outcome;
    },
    close: () => {},
  };
  const view: NamespaceView = fakeView({
    inode: 2,
    addresses: [],
    ends: source,
    list: (onSocket) => {
      looks += 1;
      for (const one of table) onSocket(one);
      return answer;
    },
  });
  const told: string[] = [];
  let claimed: 'told' | undefined;
  const census = createSocketCensus({
    connections: createConnectionIndex(capacity),
    claim: () => claimed,
    lose: (cause, count) => told.push(`${cause} ${count}`),
    onOverrun: () => told.push('overrun'),
  });
  return {
    view,
    census,
    told,
    looks: () => looks,
    show: (...rows: readonly SocketRow[]) => {
      table = rows;
    },
    finish: (...rows: readonly SocketRow[]) => {
      ends.push(...rows.map((one) => ({ ...one, state: 'gone' as const })));
    },
    overrun: () => {
      overruns += 1;
    },
    tellElsewhere: () => {
      claimed = 'told';
    },
    answer: (next: typeof answer) => {
      answer = next;
    },
  };
};

it('finds connections and bound sockets, each new once', async () => {
  const { view, census, show } = createStage();
  show(web, bound, row({ state: 'other', local: end('10.0.0.1:6000'), peer: end('10.0.0.2:81') }));
  await census.look([view], 100_000);
  expect(census.takeNew().map((one) => one.peer.port)).toEqual([80]);
  expect(view.census.bound).toEqual([bound]);
  show({ ...web, bytes: { sent: 9, received: 9 } }, bound);
  await census.look([view], 200_000);
  expect(census.takeNew()).toEqual([]);
  expect([...view.connections.values()]).toMatchObject([{ bytes: { sent: 9 }, look: 2, gone: false }]);
});

it('gives an end to the connection it belongs to, also when it came during the look', async () => {
  const { view, census, show, finish } = createStage();
  show(web);
  await census.look([view], 100_000);
  census.takeNew();
  show();
  finish({ ...web, bytes: { sent: 7, received: 8 } });
  await census.look([view], 200_000);
  expect(census.takeNew()).toEqual([]);
  expect([...view.connections.values()]).toMatchObject([{ gone: true, bytes: { sent: 7, received: 8 } }]);
});

it('takes an end that no look met for a connection when it carried something or was accepted here', async () => {
  const { view, census, finish } = createStage();
  const silent = { bytes: { sent: 0, received: 0 } };
  listenAt(view, listener('0.0.0.0:22'));
  finish(
    web,
    row({ local: end('10.0.0.1:5001'), peer: end('10.0.0.2:80'), ...silent }),
    row({ local: end('10.0.0.1:22'), peer: end('10.0.0.2:40000'), ...silent }),
    row({ local: end('0.0.0.0:99'), peer: end('0.0.0.0:0'), ...silent }),
    row({ protocol: 'udp', local: end('10.0.0.1:5002'), peer: end('10.0.0.2:53') }),
  );
  expect(census.drain(view)).toBe(5);
  expect(census.takeNew().map((one) => `${one.local.port}`)).toEqual(['5000', '22']);
});

it('leaves out the resolver that Docker puts into a container', async () => {
  const { view, census, show } = createStage();
  show(
    row({ protocol: 'udp', state: 'listening', local: end('127.0.0.11:40000'), peer: end('0.0.0.0:0') }),
    row({ protocol: 'udp', local: end('127.0.0.1:5000'), peer: end('127.0.0.11:53') }),
  );
  await census.look([view], 100_000);
  expect([view.census.bound, census.takeNew()]).toEqual([[], []]);
});

it('does not take an incomplete list for a proof of absence', async () => {
  const { view, census, show, answer } = createStage();
  show(web);
  await census.look([view], 100_000);
  show();
  answer(ok({ complete: false }));
  await census.look([view], 200_000);
  expect([...view.connections.values()].map((one) => one.look === view.census.look)).toEqual([true]);
});

it('counts each connection without a place once, and those that ended unseen', async () => {
  const { view, census, show, finish, told } = createStage(1);
  const others = [1, 2, 3].map((port) => row({ local: end(`10.0.0.1:${port}`), peer: end('10.0.0.2:80') }));
  show(web, ...others);
  await census.look([view], 100_000);
  await census.look([view], 200_000);
  expect(told).toEqual(['too-many 3']);
  finish(row({ local: end('10.0.0.1:9'), peer: end('10.0.0.2:80'), bytes: { sent: 1, received: 1 } }));
  census.drain(view);
  expect(told).toEqual(['too-many 3', 'too-many 1']);
});

it('looks at quiet namespaces seldom, at the host and at those where something happens each time', async () => {
  const { view, census, looks, finish, overrun, told } = createStage();
  await census.look([view], 100_000);
  await census.look([view], 101_000);
  expect(looks()).toBe(1);
  finish(web);
  overrun();
  census.drain(view);
  expect(told).toEqual(['overrun']);
  await census.look([view], 102_000);
  expect(looks()).toBe(2);
  await census.look([view], 107_000);
  expect(looks()).toBe(3);
});

it('leaves alone a connection that was told from the kernel’s news', async () => {
  const { view, census, show, tellElsewhere, told } = createStage();
  tellElsewhere();
  show(web);
  await census.look([view], 100_000);
  expect(census.takeNew()).toEqual([]);
  expect(told).toEqual([]);
});
