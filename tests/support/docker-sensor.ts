import { type ExecOutcome, execArgv } from '@parapet/core';
import {
  buildBusyboxImage,
  docker,
  dockerSocketPath,
  eventually,
  removeContainer,
  runContainer,
} from '@parapet/testkit';
import type { ConsoleApi } from './console-api.ts';

/** This machine as a Docker host: a container that is to be seen, and a shell for the printed lines. */
export type DockerSensor = {
  readonly neighbourName: string;
  readonly run: (line: string) => Promise<ExecOutcome>;
  /** The asset of the neighbour's image. */
  readonly imageAsset: (api: ConsoleApi) => Promise<string>;
  readonly dispose: () => Promise<void>;
};

export const startNeighbour = async (): Promise<DockerSensor> => {
  const neighbourName = `parapet-test-neighbour-${process.pid}`;
  const image = await buildBusyboxImage();
  const neighbour = await runContainer(image, ['--name', neighbourName], ['sleep', '600']);
  return {
    neighbourName,
    run: (line) =>
      execArgv(['/bin/sh', '-c', line], {
        timeoutMs: 120_000,
        env: { PATH: process.env['PATH'], HOME: '/root', DOCKER_HOST: `unix://${dockerSocketPath() ?? ''}` },
      }),
    imageAsset: (api) =>
      eventually('the image', async () => {
        const { items } = await api('/api/v1/assets?kind=image');
        return items.find((each: unknown) => JSON.stringify(each).includes(image))?.id;
      }),
    dispose: async () => {
      await docker('rm', '-f', 'parapet-sensor').catch(() => '');
      await docker('volume', 'rm', 'parapet-sensor').catch(() => '');
      await removeContainer(neighbour);
    },
  };
};
