import { getEventListeners } from 'node:events';
import { ok, problem } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { createRuntimeStates } from '../runtime-states.ts';
import { createCollected } from '../testing/collected.ts';
import type { DockerApi, EventOptions } from './docker-api.ts';
import { startDockerWatch } from './docker-watch.ts';
import type { DockerEvent } from './schema.ts';

const soon = { timeout: 25_000, interval: 10 };
const eventAt = (timeNano: number, ID = 'a'): DockerEvent => ({
  Type: 'container',
  Action: 'start',
  Actor: { ID, Attributes: {} },
  timeNano,
});

/** A Docker whose event stream a test ends and whose memory of events it decides. */
const createDocker = () => {
  const streams: { readonly options: EventOptions; readonly end: (code: string) => void }[] = [];
  const api: DockerApi = {
    version: async () => ok({ Version: '1', ApiVersion: '1', MinAPIVersion: '1' }),
    containers: async () => ok([]),
    container: async () => ({ ok: false, error: problem('not-found', 'gone') }),
    images: async () => ok([]),
    image: async () => ({ ok: false, error: problem('not-found', 'gone') }),
    exportImage: async () => ({ ok: false, error: problem('not-found', 'gone') }),
    events: (options) =>
      new Promise((resolve) => {
        streams.push({ options, end: (code) => resolve(problem(code, code)) });
        options.signal.addEventListener('abort', () => resolve(problem('aborted', '')));
        options.onOpen();
      }),
  };
  return { api, streams };
};

const watchOf = (api: DockerApi, isAbsent = false) => {
  const collected = createCollected();
  const taken: DockerEvent[] = [];
  const runtimes = createRuntimeStates();
  const watch = startDockerWatch({
    api,
    socketPath: '/x/docker.sock',
    containers: {
      take: (event) => taken.push(event),
      reconcile: async () => true,
      refresh: () => {},
      checkPackages: () => {},
      settled: async () => {},
    },
    images: { reconcile: async () => true },
    runtimes,
    isAbsent: () => isAbsent,
    context: collected.context,
  });
  return { collected, taken, runtimes, watch };
};

describe('the watch over Docker', () => {
  it('keeps nothing of its tries where there is no Docker', async () => {
    const listeners: number[] = [];
    const { watch } = watchOf(
      {
        ...createDocker().api,
        events: async ({ signal }) => {
          listeners.push(getEventListeners(signal, 'abort').length);
          return problem('enoent', 'no such file');
        },
      },
      true,
    );
    await expect.poll(() => listeners.length, soon).toBeGreaterThan(3);
    watch.stop();
    expect(new Set(listeners)).toEqual(new Set([listeners[0]]));
  });

  it('asks again from the last event it saw, and takes each only once', async () => {
    const { api, streams } = createDocker();
    const { taken, watch, collected } = watchOf(api);
    await watch.firstView;
    expect(streams[0]?.options.sinceNano).toBeUndefined();
    streams[0]?.options.onEvent(eventAt(1_000));
    streams[0]?.options.onEvent(eventAt(2_000));
    streams[0]?.end('ended');
    await expect.poll(() => streams.length, soon).toBe(2);
    expect(streams[1]?.options.sinceNano).toBe(2_000);
    streams[1]?.options.onEvent(eventAt(2_000));
    streams[1]?.options.onEvent(eventAt(3_000));
    expect(taken.map(({ timeNano }) => timeNano)).toEqual([1_000, 2_000, 3_000]);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(collected.blind).toEqual([]);
    watch.stop();
  });

  it('was blind when Docker no longer knows the last event', async () => {
    const { api, streams } = createDocker();
    const { watch, collected, runtimes } = watchOf(api);
    await watch.firstView;
    streams[0]?.options.onEvent(eventAt(1_000));
    streams[0]?.end('econnreset');
    await expect.poll(() => runtimes.all()[0], soon).toMatchObject({ state: 'away' });
    await expect.poll(() => streams.length, soon).toBe(2);
    await expect.poll(() => collected.blind.length, soon).toBe(1);
    expect(collected.blind[0]).toMatchObject({
      cause: expect.stringContaining('not reachable'),
      endedAt: expect.any(Number),
    });
    await expect.poll(() => runtimes.all()[0], soon).toMatchObject({ state: 'ok' });
    watch.stop();
  });

  it('counts what it cannot read', async () => {
    const { api, streams } = createDocker();
    const { watch, collected } = watchOf(api);
    await watch.firstView;
    streams[0]?.options.onUnreadable(problem('not-json', 'x'));
    expect(collected.losses).toEqual([{ stage: 'docker', cause: 'unreadable-event', count: 1 }]);
    watch.stop();
  });

  it('takes a host that never had Docker for none that cannot be seen, until there is one', async () => {
    const { api, streams } = createDocker();
    let isHere = false;
    const appearing: DockerApi = {
      ...api,
      events: (options) => (isHere ? api.events(options) : Promise.resolve(problem('enoent', 'no such file'))),
    };
    const { collected, watch, runtimes } = watchOf(appearing, true);
    await watch.firstView;
    expect(collected.statuses.at(-1)).toMatchObject({ state: 'running', source: 'none here' });
    expect(runtimes.all()).toEqual([]);
    isHere = true;
    await expect.poll(() => runtimes.all()[0], soon).toMatchObject({ state: 'ok' });
    // From now on this host has one.
    isHere = false;
    streams[0]?.end('ended');
    await expect.poll(() => collected.statuses.at(-1), soon).toMatchObject({ state: 'refused' });
    watch.stop();
  });

  it('cannot see a host that may have Docker', async () => {
    const { api } = createDocker();
    const { collected, watch } = watchOf({ ...api, events: async () => problem('enoent', 'no such file') });
    await watch.firstView;
    expect(collected.statuses.at(-1)).toMatchObject({ state: 'refused', reason: expect.stringContaining('No Docker') });
    watch.stop();
  });
});
