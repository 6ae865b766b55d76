import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeWith,
  docker,
  dockerDaemon,
  dockerSocketPath,
  eventually,
  programOf,
  removeContainer,
  root,
  runContainer,
} from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createStateFile } from '../../state/state-files.ts';
import type { RunningCollector } from '../collector.ts';
import { createDockerCollector } from '../docker/index.ts';
import { createProcessCollector } from '../process/index.ts';
import { createRuntimeStates } from '../runtime-states.ts';
import { createCollected } from '../testing/collected.ts';
import { ContainerLoginState } from './container-login-state.ts';
import { startLoginCollector } from './login-collector.ts';
import { LoginState } from './login-state.ts';
import { buildSshdImage, sshdCommand } from './testing/sshd-image.ts';

const password = 'correct horse';
const paces = { writtenMs: 200, quietMs: 200, youngMs: 200, graceMs: 0, turnMs: 1000, restFactor: 0 };
/** Signs in over SSH from inside, with a password and a terminal. */
const signIn = (user: string, word: string): string =>
  `echo '#!/bin/sh\necho "${word}"' > /ask; chmod 755 /ask; SSH_ASKPASS=/ask SSH_ASKPASS_REQUIRE=force setsid -w ssh -tt ` +
  `-o StrictHostKeyChecking=no -o NumberOfPasswordPrompts=1 -o PubkeyAuthentication=no ${user}@127.0.0.1 true`;

describeWith([root, dockerDaemon, programOf('debootstrap')], 'logins inside a container', () => {
  const containers: string[] = [];
  let image = '';
  let stateDir = '';

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'container-logins-'));
    image = await buildSshdImage(password);
  });
  afterAll(async () => {
    for (const id of containers) await removeContainer(id);
    if (image !== '') await docker('rmi', '--force', image).catch(() => undefined);
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('of a real sshd and su are told with the container, to the last one before it ends', async () => {
    const collected = createCollected();
    const { workloads, context, telemetry, blind } = collected;
    const runtimes = createRuntimeStates();
    const address = { kind: 'socket', path: dockerSocketPath() ?? '' } as const;
    const running: RunningCollector[] = [];
    running.unshift(await createDockerCollector({ address, workloads, runtimes }).start(context));
    running.unshift(await createProcessCollector(workloads).start(context));
    running.unshift(
      await startLoginCollector(
        {
          ...{ rootPath: '/', architecture: process.arch, everyMs: 50, containerPaces: paces },
          file: createStateFile(stateDir, 'logins.json', LoginState),
          containersFile: createStateFile(stateDir, 'container-logins.json', ContainerLoginState),
        },
        context,
      ),
    );
    try {
      const name = `parapet-logins-${process.pid}`;
      const id = await runContainer(image, ['--name', name], sshdCommand);
      containers.push(id);
      const inside = (script: string, ...options: readonly string[]): Promise<string> =>
        docker('exec', ...options, id, 'sh', '-c', script).catch(() => 'refused');
      const told = (): readonly string[] =>
        telemetry.events
          .filter((event) => event['container.id'] === id)
          .map((event) =>
            [
              ...[event['parapet.source'], event['event.action'], event['event.outcome'], event['user.name']],
              ...[event['parapet.login.service'], event['source.ip'], event['parapet.login.evidence']],
            ]
              .filter((word) => word !== undefined)
              .join(' '),
          );
      const isTold = (line: string): Promise<true> =>
        eventually(`${line} among ${told().join(', ')}`, async () => told().includes(line) || undefined);

      const signInUntil = (word: string, line: string): Promise<boolean> =>
        eventually(`${line} after a login`, async () => {
          await inside(signIn('ann', word));
          return told().includes(line);
        });

      await signInUntil('wrong', 'auth log login failure ann sshd 127.0.0.1 container');
      await isTold('btmp login failure ann sshd 127.0.0.1 container');
      await signInUntil(password, 'auth log login success ann sshd 127.0.0.1 container');
      await isTold('wtmp login success ann 127.0.0.1 container');
      await inside('su ann -c true');
      await isTold('auth log login success ann su container');
      await inside('echo wrong | su root -c true', '--user', 'ann');
      await isTold('auth log login failure root su container');
      const gaps = (): readonly string[] => blind.map(({ cause }) => cause).filter((cause) => cause.includes(name));
      expect(gaps()).toEqual([]);

      await inside('su ann -c true');
      // Who killed the writer of the log before it wrote would wait for a line that nobody ever had.
      await eventually('the last one in the log', async () =>
        /^2$/.test(await inside(`grep -c '(to ann)' /var/log/auth.log`)),
      );
      await docker('kill', id);
      const isLast = (): boolean => told().filter((line) => line.includes('success ann su')).length === 2;
      // Where Docker does not keep it as an overlay, what was written after the last look is gone, and that is said.
      await eventually('the last one, or that it is missing', async () => isLast() || gaps().length > 0);
    } finally {
      collected.stop();
      for (const each of running) await each.stop();
    }
  });
});
