import type { ContainerRecord } from '@parapet/contract/wire';
import { connect } from './connections.ts';
import { describeProgram, type Program } from './program.ts';
import type { Scene, Stage } from './stage.ts';

/** What the runtime asks in a container, again and again: whether it answers. */
export const playHealthCheck: Scene = (stage, atMs) => {
  const { random, live } = stage;
  const running = [...live.values()].filter(
    (record): record is ContainerRecord => record.kind === 'container' && record.state === 'running',
  );
  if (running.length === 0) return;
  const container = random.pick(running);
  const port = container.ports[0]?.containerPort ?? 8080;
  const command = `curl -fsS http://127.0.0.1:${port}/health || exit 1`;
  const uid = container.privilege.user === '' ? 0 : 1000;
  const { user: _user, ...shim } = stage.shimOf(container);
  const shell = stage.start(
    atMs,
    { ...shim, container },
    { executable: '/bin/sh', arguments: ['/bin/sh', '-c', command], uid },
  );
  const asks = stage.start(atMs + 3, shell, { executable: '/usr/bin/curl', arguments: command.split(' ').slice(0, 3) });
  const lastsMs = 2 + random.int(30);
  const [from, to] = [32_768 + random.int(28_000), port].map((each) => ({ address: '127.0.0.1', port: each }));
  if (from !== undefined && to !== undefined) connect(stage, atMs + 6, asks, { isServer: false, from, to }, lastsMs);
  const isWell = !random.chance(0.02);
  stage.at(atMs + lastsMs + 9, (now) => {
    stage.end(now, asks, isWell ? 0 : 22);
    stage.end(now + 1, shell, isWell ? 0 : 1);
  });
};

type Job = {
  readonly executable: string;
  readonly arguments: readonly string[];
  /** Files that it makes new, in their order. */
  readonly writes: readonly string[];
  /** Old ones of their names go aside. */
  readonly rotates?: true;
};

const jobs: readonly Job[] = [
  {
    executable: '/usr/sbin/logrotate',
    arguments: ['/usr/sbin/logrotate', '/etc/logrotate.conf'],
    writes: ['/var/log/syslog', '/var/log/auth.log'],
    rotates: true,
  },
  {
    executable: '/usr/bin/python3.11',
    arguments: ['python3', '/usr/local/bin/backup', '--incremental'],
    writes: ['/var/lib/backup/state.json'],
  },
  {
    executable: '/usr/bin/certbot',
    arguments: ['certbot', 'renew', '-q'],
    writes: ['/etc/letsencrypt/renewal/shop.conf'],
  },
  {
    executable: '/usr/bin/apt-get',
    arguments: ['apt-get', '-qq', 'update'],
    writes: ['/var/lib/apt/lists/mirror.packages.example_InRelease'],
  },
];

/** A job of cron: a shell, the program, the files that it writes. */
export const playJob: Scene = (stage, atMs) => {
  const cron = stage.daemon('/usr/sbin/cron');
  if (cron === undefined) return;
  const job = stage.random.pick(jobs);
  const command = job.arguments.join(' ');
  const shell = stage.start(atMs, cron, { executable: '/bin/sh', arguments: ['/bin/sh', '-c', command] });
  const program = stage.start(atMs + 2, shell, { executable: job.executable, arguments: job.arguments });
  let now = atMs;
  for (const path of job.writes) {
    now += 20 + stage.random.int(200);
    stage.at(now, (moment) => writeAnew(stage, moment, program, path, job.rotates === true));
  }
  stage.at(now + 10 + stage.random.int(600), (moment) => {
    stage.end(moment, program);
    stage.end(moment + 1, shell);
  });
};

const writeAnew = (stage: Stage, atMs: number, program: Program, path: string, rotates: boolean): void => {
  const about = { 'file.type': 'file', 'file.path': path } as const;
  if (rotates)
    stage.tell({
      ...describeProgram('file-rename', stage.atUs(atMs), program),
      ...{ ...about, 'file.target_path': `${path}.1` },
    });
  for (const action of ['file-create', 'file-write'] as const)
    stage.tell({ ...describeProgram(action, stage.atUs(atMs + 1), program), ...about });
};
