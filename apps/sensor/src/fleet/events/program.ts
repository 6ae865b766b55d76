import type { EventAction, TelemetryEvent } from '@parapet/contract/telemetry';
import type { ContainerRecord, ProcessRecord } from '@parapet/contract/wire';

/** A process as events name it, whether the inventory holds it or it was over too soon for that. */
export type Program = {
  readonly pid: number;
  /** As the key of its record would be. */
  readonly id: string;
  readonly startedAtMs: number;
  readonly executable: string;
  readonly arguments: readonly string[];
  readonly uid: number;
  /** Only of the host's own: in a container the numbers belong to other names. */
  readonly user?: string;
  readonly container?: ContainerRecord;
  readonly parent?: Program;
  readonly terminal?: string;
  readonly folder?: string;
  readonly exitCode?: number;
};

/** Where the sensor of a real host names a program in its kernel or a log: whoever reads an event of these sees what it is. */
export const inventedSource = 'simulated';

export const nameOf = (executable: string): string => executable.split('/').at(-1) ?? executable;

export const processIdOf = (pid: number, startedAtMs: number, bootedAtMs: number): string =>
  `${pid}:${Math.max(0, Math.floor((startedAtMs - bootedAtMs) / 10))}`;

export const programOf = (
  record: ProcessRecord,
  container: ContainerRecord | undefined,
  parent: Program | undefined,
): Program => ({
  ...{ pid: record.pid, id: record.key, startedAtMs: record.startedAt },
  ...{ executable: record.executable, arguments: record.arguments, uid: record.user.uid },
  ...(container === undefined ? { user: 'root' } : { container }),
  ...(parent === undefined ? {} : { parent }),
});

/** The fields that every event of a program has. */
export const describeProgram = (action: EventAction, atUs: number, program: Program): TelemetryEvent => {
  const { container, parent } = program;
  return {
    ...{ '@timestamp': atUs, 'event.action': action, 'parapet.source': inventedSource },
    'process.pid': program.pid,
    'process.entity_id': program.id,
    'process.start': program.startedAtMs * 1000,
    'process.name': nameOf(program.executable).slice(0, 15),
    'process.executable': program.executable,
    ...(parent === undefined
      ? {}
      : {
          'process.parent.pid': parent.pid,
          'process.parent.entity_id': parent.id,
          'process.parent.name': nameOf(parent.executable).slice(0, 15),
          'process.parent.executable': parent.executable,
        }),
    'user.id': program.uid,
    'user.group.id': program.uid,
    ...(program.user === undefined ? {} : { 'user.name': program.user }),
    ...(container === undefined ? {} : describeContainer(container)),
  };
};

const describeContainer = (container: ContainerRecord): Partial<TelemetryEvent> => ({
  'container.id': container.runtimeId,
  'container.name': container.name,
  'container.image.name': container.imageName,
  ...(container.imageDigest === undefined ? {} : { 'container.image.hash': container.imageDigest }),
});

export const describeStart = (atUs: number, program: Program): TelemetryEvent => ({
  ...describeProgram('exec', atUs, program),
  'process.args': [...program.arguments],
  'process.args_count': program.arguments.length,
  'process.command_line': program.arguments.join(' '),
  'process.working_directory': program.folder ?? '/',
  ...(program.terminal === undefined ? {} : { 'process.tty.name': program.terminal }),
});

export const describeEnd = (atUs: number, program: Program, exitCode: number): TelemetryEvent => ({
  ...describeProgram('exit', atUs, program),
  'process.exit_code': exitCode,
  'event.duration': Math.max(0, atUs - program.startedAtMs * 1000) * 1000,
});

export type Connection = {
  readonly isServer: boolean;
  readonly from: { readonly address: string; readonly port: number };
  readonly to: { readonly address: string; readonly port: number };
};

export const describeConnection = (
  action: 'connect' | 'accept' | 'flow',
  atUs: number,
  program: Program,
  { isServer, from, to }: Connection,
): TelemetryEvent => ({
  ...describeProgram(action, atUs, program),
  ...(action === 'connect' ? { 'event.outcome': 'success' } : {}),
  'network.transport': 'tcp',
  'network.direction': isServer ? 'ingress' : 'egress',
  ...{ 'source.ip': from.address, 'source.port': from.port },
  ...{ 'destination.ip': to.address, 'destination.port': to.port },
});
