import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { createCollected } from '../testing/collected.ts';
import { createContainerBoard } from './container-board.ts';
import type { DockerApi } from './docker-api.ts';
import { DockerContainer, DockerEvent } from './schema.ts';

const id = 'a'.repeat(64);
const key = `docker:${id}`;
const t0 = Date.parse('2026-01-01T00:00:00.000Z');

type State = { readonly startedAt: number; readonly finishedAt?: number; readonly isStillRunning?: boolean };

const answerOf = ({ startedAt, finishedAt, isStillRunning }: State): DockerContainer => {
  const runs = finishedAt === undefined || isStillRunning === true;
  return DockerContainer.parse({
    Id: id,
    Created: new Date(t0 - 1000).toISOString(),
    Name: '/web',
    State: {
      Status: runs ? 'running' : 'exited',
      Pid: runs ? 42 : 0,
      ExitCode: runs ? 0 : 1,
      StartedAt: new Date(startedAt).toISOString(),
      FinishedAt: runs ? '0001-01-01T00:00:00Z' : new Date(finishedAt ?? 0).toISOString(),
    },
    Config: { Image: 'nginx:1' },
    HostConfig: { NetworkMode: 'default' },
    NetworkSettings: {},
  });
};

const event = (Action: string, atMs: number): DockerEvent =>
  DockerEvent.parse({
    Type: 'container',
    Action,
    Actor: { ID: id, Attributes: { exitCode: '1' } },
    timeNano: atMs * 1e6,
  });

/**
 * A Docker at the border of the client, whose answers a test gives one by one: no real one can be made to answer between an
 * end that it told and the same end written down.
 */
const createDocker = () => {
  const asked: ((answer: Result<DockerContainer, Problem>) => void)[] = [];
  const gone = { ok: false, error: problem('not-found', 'gone') } as const;
  let listed: Promise<readonly string[]> = Promise.resolve([id]);
  const api: DockerApi = {
    version: async () => ok({ Version: '1', ApiVersion: '1', MinAPIVersion: '1' }),
    containers: async () => ok(await listed),
    container: () => new Promise((resolve) => asked.push(resolve)),
    images: async () => ok([]),
    image: async () => gone,
    exportImage: async () => gone,
    events: () => new Promise(() => {}),
  };
  const collected = createCollected();
  const { inventory, clock, log } = collected.context;
  const board = createContainerBoard({ api, inventory, workloads: collected.workloads, clock, log });
  const answer = async (state: State | 'not-found' | 'timeout'): Promise<void> => {
    await expect.poll(() => asked.length, { timeout: 60_000 }).toBeGreaterThan(0);
    asked.shift()?.(typeof state === 'string' ? fail(problem(state, state)) : ok(answerOf(state)));
    await Promise.resolve();
  };
  const lives = () => {
    const last = new Map<number, number | undefined>();
    for (const { state, startedAt, endedAt } of collected.versions('container', key)) {
      if (state !== 'created') last.set(startedAt - t0, endedAt === undefined ? undefined : endedAt - t0);
    }
    return [...last];
  };
  const list = (ids: Promise<readonly string[]>): void => {
    listed = ids;
  };
  const ended: string[] = [];
  collected.workloads.onLifeEnded(({ startedAt, endedAt = 0 }) => ended.push(`${startedAt - t0}-${endedAt - t0}`));
  return {
    board,
    answer,
    lives,
    list,
    /** As others are told: those of them, too, that were never among the containers. */
    ended: () => ended,
    workloads: collected.workloads,
    latest: () => collected.latest('container', key),
  };
};

describe('the board of containers', () => {
  it('believes an end that Docker tells before it has written it down', async () => {
    const { board, answer, lives, latest } = createDocker();
    board.take(event('create', t0 - 1000));
    board.take(event('start', t0 + 3));
    board.take(event('die', t0 + 200));
    // The first look was asked for when nothing but the creation was known; it is answered only now, by the end unwritten.
    await answer({ startedAt: t0, finishedAt: t0 + 199, isStillRunning: true });
    await answer({ startedAt: t0, finishedAt: t0 + 199, isStillRunning: true });
    await board.settled();
    expect(latest()).toMatchObject({ state: 'exited', exitCode: 1 });
    expect(lives()).toEqual([[0, 200]]);
    board.refresh(id);
    await answer({ startedAt: t0, finishedAt: t0 + 199 });
    await board.settled();
    expect(lives()).toEqual([[0, 199]]);
  });

  it('does not take the end of one life for that of the next, which runs', async () => {
    const { board, answer, lives, latest } = createDocker();
    board.take(event('start', t0 + 3));
    await answer({ startedAt: t0 });
    await board.settled();
    board.refresh(id);
    board.take(event('die', t0 + 200));
    await answer({ startedAt: t0, finishedAt: t0 + 199, isStillRunning: true });
    // Docker has it running anew, and its word of that is on the way.
    await answer({ startedAt: t0 + 350 });
    board.take(event('start', t0 + 354));
    await answer({ startedAt: t0 + 350 });
    await board.settled();
    expect(latest()).toMatchObject({ state: 'running' });
    expect(lives()).toEqual([
      [0, 200],
      [350, undefined],
    ]);
  });

  it('tells every life of a container that restarts ten times within a second while Docker is slow to answer', async () => {
    const { board, answer, lives, ended } = createDocker();
    board.take(event('create', t0 - 1000));
    for (let round = 0; round < 10; round += 1) {
      board.take(event('start', t0 + round * 100 + 3));
      board.take(event('die', t0 + round * 100 + 60));
    }
    await answer({ startedAt: t0 + 900, finishedAt: t0 + 959 });
    await answer({ startedAt: t0 + 900, finishedAt: t0 + 959 });
    await board.settled();
    const told = Array.from({ length: 9 }, (_, round) => [round * 100 + 3, round * 100 + 60]);
    expect(lives().toSorted(byStart)).toEqual([...told, [900, 959]]);
    expect(ended().toSorted()).toEqual([...told, [900, 959]].map(([from, to]) => `${from}-${to}`).toSorted());
  });

  it('tells them also of a container that is gone before the first answer', async () => {
    const { board, answer, lives, ended, latest } = createDocker();
    board.take(event('create', t0 - 1000));
    for (const start of [0, 100, 200]) {
      board.take(event('start', t0 + start));
      board.take(event('die', t0 + start + 60));
    }
    board.take(event('destroy', t0 + 300));
    await answer('not-found');
    await answer('not-found');
    await board.settled();
    expect(latest()).toMatchObject({ state: 'removed' });
    expect(lives()).toEqual([
      [0, 60],
      [100, 160],
      [200, 260],
    ]);
    expect(ended()).toEqual(['0-60', '100-160', '200-260']);
  });

  it('does not move the end of a life to that of one which was not looked at', async () => {
    const { board, answer, lives } = createDocker();
    board.take(event('start', t0 + 3));
    await answer({ startedAt: t0, finishedAt: t0 + 50 });
    await board.settled();
    board.refresh(id);
    board.take(event('die', t0 + 51));
    board.take(event('start', t0 + 303));
    board.take(event('die', t0 + 400));
    await answer({ startedAt: t0, finishedAt: t0 + 50 });
    await answer({ startedAt: t0 + 300, finishedAt: t0 + 399 });
    await board.settled();
    expect(lives()).toEqual([
      [0, 50],
      [300, 399],
    ]);
  });

  it('keeps the start that it told by an event when Docker, asked again, names the moment before', async () => {
    const { board, answer, lives } = createDocker();
    board.take(event('start', t0 + 3));
    await answer('timeout');
    await board.settled();
    board.refresh(id);
    await answer({ startedAt: t0 });
    await board.settled();
    board.take(event('die', t0 + 90));
    await answer({ startedAt: t0, finishedAt: t0 + 89 });
    await board.settled();
    expect(lives()).toEqual([[3, 89]]);
  });

  it('keeps the exit code of a container that is found gone between its end and its removal', async () => {
    const { board, answer, lives, latest } = createDocker();
    board.take(event('start', t0 + 3));
    await answer({ startedAt: t0 });
    await board.settled();
    board.take(event('die', t0 + 200));
    // Its network let go of it, as Docker tells between the two.
    board.refresh(id);
    await answer('not-found');
    await answer('not-found');
    await board.settled();
    board.take(event('destroy', t0 + 250));
    await board.settled();
    expect(latest()).toMatchObject({ state: 'removed', exitCode: 1 });
    expect(lives()).toEqual([[0, 200]]);
  });

  it('takes the exit code of a container that was found gone before its end was told', async () => {
    const { board, answer, lives, ended, latest, workloads } = createDocker();
    board.take(event('start', t0 + 3));
    await answer({ startedAt: t0 });
    await board.settled();
    board.refresh(id);
    await answer('not-found');
    await board.settled();
    expect(latest()).toMatchObject({ state: 'removed', startedAt: t0 });
    board.take(event('die', t0 + 200));
    await board.settled();
    board.take(event('destroy', t0 + 250));
    await board.settled();
    expect(latest()).toMatchObject({ state: 'removed', exitCode: 1 });
    expect(lives()).toEqual([[0, 200]]);
    expect(ended()).toHaveLength(1);
    expect(workloads.container(key)).toBeUndefined();
  });

  it('takes an end that is told after the removal', async () => {
    const { board, answer, lives, latest } = createDocker();
    board.take(event('start', t0 + 3));
    await answer({ startedAt: t0 });
    await board.settled();
    board.take(event('destroy', t0 + 250));
    board.take(event('die', t0 + 200));
    await board.settled();
    expect(latest()).toMatchObject({ state: 'removed', exitCode: 1 });
    expect(lives()).toEqual([[0, 200]]);
  });

  it('tells the lives of a container that was found gone before it heard of its restart', async () => {
    const { board, answer, lives, latest } = createDocker();
    board.take(event('start', t0 + 3));
    await answer({ startedAt: t0 });
    await board.settled();
    board.refresh(id);
    await answer('not-found');
    await board.settled();
    for (const [action, at] of [['die', 60] as const, ['start', 163] as const, ['die', 220] as const]) {
      board.take(event(action, t0 + at));
      await board.settled();
      expect(latest()).toMatchObject({ state: 'removed' });
    }
    board.take(event('destroy', t0 + 250));
    await board.settled();
    expect(latest()).toMatchObject({ state: 'removed', exitCode: 1 });
    expect(lives()).toEqual([
      [0, 60],
      [163, 220],
    ]);
  });

  it('does not let a container run again because Docker, asked for another reason, has not written down its end', async () => {
    const { board, answer, lives, latest, workloads } = createDocker();
    board.take(event('start', t0 + 3));
    await answer({ startedAt: t0 });
    await board.settled();
    board.take(event('die', t0 + 200));
    await answer({ startedAt: t0, finishedAt: t0 + 199, isStillRunning: true });
    await board.settled();
    board.refresh(id);
    await answer({ startedAt: t0, finishedAt: t0 + 199, isStillRunning: true });
    await board.settled();
    expect(latest()).toMatchObject({ state: 'exited', exitCode: 1 });
    expect(workloads.container(key)).toBeUndefined();
    board.take(event('destroy', t0 + 250));
    await board.settled();
    expect(latest()).toMatchObject({ state: 'removed', exitCode: 1 });
    expect(lives()).toEqual([[0, 200]]);
  });

  it('tells nobody of the life of a container that was made and removed without being started', async () => {
    const { board, answer, ended, latest } = createDocker();
    board.take(event('create', t0));
    board.take(event('destroy', t0 + 90));
    await answer('not-found');
    await answer('not-found');
    await board.settled();
    expect(latest()).toMatchObject({ state: 'removed' });
    expect(ended()).toEqual([]);
  });

  it('has the exit code of a container that ended while the first view was taken', async () => {
    const { board, answer, latest } = createDocker();
    const viewed = board.reconcile();
    board.take(event('die', t0 + 200));
    await answer('not-found');
    await answer('not-found');
    await viewed;
    board.take(event('destroy', t0 + 250));
    await board.settled();
    expect(latest()).toMatchObject({ state: 'removed', exitCode: 1 });
  });

  it('does not end a container that began after Docker made its list', async () => {
    const { board, answer, lives, list } = createDocker();
    const answered = Promise.withResolvers<readonly string[]>();
    list(answered.promise);
    const viewed = board.reconcile();
    board.take(event('start', t0 + 3));
    await answer({ startedAt: t0 });
    answered.resolve([]);
    await viewed;
    expect(lives()).toEqual([[0, undefined]]);
  });

  it('has the exit code of a container that Docker no longer lists when its end is told late', async () => {
    const { board, answer, lives, latest, list } = createDocker();
    board.take(event('start', t0 + 3));
    await answer({ startedAt: t0 });
    await board.settled();
    list(Promise.resolve([]));
    const viewed = board.reconcile();
    await answer('not-found');
    await viewed;
    expect(latest()).toMatchObject({ state: 'removed' });
    board.take(event('die', t0 + 200));
    board.take(event('destroy', t0 + 250));
    await board.settled();
    expect(latest()).toMatchObject({ state: 'removed', exitCode: 1 });
    expect(lives()).toEqual([[0, 200]]);
  });
});

const byStart = (left: readonly unknown[], right: readonly unknown[]): number => Number(left[0]) - Number(right[0]);
