import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chown, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith, type Requirement, root, sourcesEnvironment } from '@parapet/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyPin } from './enrolment/certificate-request.ts';
import { readOwnGroups } from './protection/control-groups.ts';
import { groupNameOf } from './protection/own-group.ts';
import { type LocalConsole, startLocalConsole } from './uplink/testing/local-console.ts';

const entry = join(import.meta.dirname, 'main.ts');
const soon = { timeout: 180_000, interval: 50 };
const nobody = 65_534;
const key = 'the-right-enrolment-key';

/** Joins a group and fills its memory until it is alone there. */
const hogSource = `
  const { readFileSync, writeFileSync } = require('node:fs');
  const group = process.argv[1];
  writeFileSync(group + '/cgroup.procs', String(process.pid));
  const kept = [];
  setInterval(() => {
    if (readFileSync(group + '/cgroup.procs', 'utf8').trim() === String(process.pid)) process.exit(0);
    if (kept.length < 200) kept.push(Buffer.alloc(1024 * 1024, 1));
  }, 2);
`;

type Run = {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | undefined>;
  readonly messages: { readonly kind: string; readonly text?: string; readonly message?: string }[];
};

describe('the sensor as a process', () => {
  let folder: string;
  let console: LocalConsole;
  const runs: Run[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-process-'));
    console = await startLocalConsole();
  });
  afterEach(async () => {
    for (const { child, exit } of runs.splice(0)) {
      child.kill('SIGKILL');
      await exit;
    }
    await console.close();
    await rm(folder, { recursive: true, force: true });
  });

  const pin = (): string => keyPin(new X509Certificate(console.authority.certificatePem).publicKey).toString('hex');
  const base = () => ({
    ...sourcesEnvironment,
    HOME: folder,
    PARAPET_STATE_DIR: join(folder, 'state'),
    PARAPET_CLOUD_METADATA: 'off',
    PARAPET_LOG_LEVEL: 'warn',
    PARAPET_CPU_LIMIT: 'off',
    DOCKER_HOST: process.env['DOCKER_HOST'],
  });
  const enrolling = () => ({
    PARAPET_CONSOLE_URL: console.url,
    PARAPET_AUTHORITY_PIN: pin(),
    PARAPET_ENROLMENT_KEY: key,
  });
  const run = (env: Record<string, string | undefined>, options: { uid?: number; input?: string } = {}): Run => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry], {
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe', 'ipc'],
      env: { ...base(), ...env },
      cwd: '/',
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    child.stdin?.end(options.input);
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    const messages: Run['messages'] = [];
    child.on('message', (message) => messages.push(message as Run['messages'][number]));
    const exit = new Promise<number | undefined>((resolve) => {
      child.on('exit', (code) => resolve(code ?? undefined));
    });
    const started = { child, output: () => output, exit, messages };
    runs.push(started);
    return started;
  };
  const record = (kind: string, name: string) => JSON.parse(console.stream.live().get(`${kind} ${name}`) ?? 'null');
  const hellos = () => console.control.filter(({ kind }) => kind === 'hello');
  const stateFile = async (name: string) => JSON.parse(await readFile(join(folder, 'state', name), 'utf8'));

  it('enrols, says it is ready, stops cleanly and comes back as the same host', async () => {
    const first = run(enrolling());
    await expect.poll(() => first.messages.map(({ kind }) => kind), soon).toContain('ready');
    await expect.poll(() => record('host', 'host')?.kernel, soon).toBeDefined();
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    await expect.poll(() => console.control.at(-1)?.kind, soon).toBe('goodbye');
    expect(await stateFile('run.json')).toMatchObject({ clean: true });

    const second = run({});
    await expect.poll(hellos, soon).toHaveLength(2);
    expect(console.enrolments).toHaveLength(1);
    expect(hellos()[1]).toMatchObject({ previousRun: { end: 'clean' } });
    await expect.poll(() => console.stream.snapshots(), soon).toBe(2);
    second.child.kill('SIGKILL');
    await second.exit;

    run({});
    await expect.poll(hellos, soon).toHaveLength(3);
    expect(hellos()[2]).toMatchObject({ previousRun: { end: 'unclean' } });
  });

  it('ends in order when whoever started it is gone, and with them the reader of what it says', async () => {
    const { child, messages } = run({ ...enrolling(), PARAPET_LOG_LEVEL: 'debug' });
    await expect.poll(() => messages.map(({ kind }) => kind), soon).toContain('ready');
    child.stderr?.destroy();
    child.disconnect();
    await expect.poll(() => child.exitCode, soon).toBe(0);
  });

  it('leaves its state folder to one process', async () => {
    const first = run(enrolling());
    await expect.poll(() => first.messages.map(({ kind }) => kind), soon).toContain('ready');
    const second = run({});
    expect(await second.exit).toBe(1);
    expect(second.messages).toMatchObject([
      { kind: 'failed', message: expect.stringContaining('Another sensor already uses') },
    ]);
  });

  it('enrols and ends when asked to, with the key from standard input, and proves its old key later', async () => {
    const { PARAPET_ENROLMENT_KEY: _, ...address } = enrolling();
    const first = run({ ...address, PARAPET_ENROL_ONLY: '1' }, { input: `${key}\n` });
    expect(await first.exit).toBe(0);
    const second = run({ ...enrolling(), PARAPET_ENROL_ONLY: '1' });
    expect(await second.exit).toBe(0);
    expect(console.enrolments.map(({ previous }) => previous !== undefined)).toEqual([false, true]);
    expect(console.connections()).toBe(0);
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    ['nothing is known', () => ({}), /not enrolled.*address of the console/s],
    [
      'the key is missing',
      () => ({ PARAPET_CONSOLE_URL: console.url, PARAPET_AUTHORITY_PIN: pin() }),
      /needs an enrolment key/,
    ],
    ['the key is wrong', () => ({ ...enrolling(), PARAPET_ENROLMENT_KEY: 'not-the-right-key-at-all' }), /No such key/],
    ['the pin is no pin', () => ({ ...enrolling(), PARAPET_AUTHORITY_PIN: 'abc' }), /is no SHA-256/],
    [
      'the pin is of another console',
      () => ({ ...enrolling(), PARAPET_AUTHORITY_PIN: 'ab'.repeat(32) }),
      /nothing was sent to it/,
    ],
    [
      'the console is not there',
      () => ({ ...enrolling(), PARAPET_CONSOLE_URL: 'https://127.0.0.1:1' }),
      /could not be enrolled/,
    ],
  ])('says in a sentence what to do when %s', async (_case, env, sentence) => {
    const failed = run(env());
    expect(await failed.exit).toBe(1);
    expect(failed.output()).toMatch(sentence);
    expect(failed.output()).not.toMatch(/\n\s+at /);
    expect(failed.messages.find(({ kind }) => kind === 'failed')?.message).toMatch(sentence);
  });

  it('refuses state of a newer sensor', async () => {
    const first = run({ ...enrolling(), PARAPET_ENROL_ONLY: '1' });
    expect(await first.exit).toBe(0);
    await writeFile(join(folder, 'state/identity.json'), '{"format":9}');
    const second = run({});
    expect(await second.exit).toBe(1);
    expect(second.output()).toMatch(/written by a newer sensor/);
  });

  const ownMemoryGroup: Requirement = {
    met: process.getuid?.() === 0 && readOwnGroups().v1.memory !== undefined,
    reason: 'needs root and control groups of version 1 with a memory controller',
  };

  describeWith([ownMemoryGroup], 'with a limit of memory', () => {
    const group = () => join(readOwnGroups().v1.memory ?? '', groupNameOf(join(folder, 'state')));
    const text = (name: string) => readFile(join(group(), name), 'utf8');
    const endOf = (hello: unknown) => (hello as { previousRun?: unknown } | undefined)?.previousRun;
    afterEach(() => rmdir(group()).catch(() => undefined));

    it('is in a group of its own, which it takes away when it stops', async () => {
      const sensor = run({ ...enrolling(), PARAPET_MEMORY_LIMIT: '200M', PARAPET_CPU_LIMIT: '0.5' });
      await expect.poll(() => record('collector', 'limits')?.state, soon).toBe('running');
      expect(record('collector', 'limits').source).toBe('200 MiB of memory and 0.5 cores, own control group (v1)');
      expect((await text('memory.limit_in_bytes')).trim()).toBe(String(200 * 1024 * 1024));
      expect((await text('cgroup.procs')).split('\n')).toContain(String(sensor.child.pid));
      sensor.child.kill('SIGTERM');
      expect(await sensor.exit).toBe(0);
      await expect(text('cgroup.procs')).rejects.toThrow(/ENOENT/);
    });

    it('is killed by the kernel beyond it, and says so when it is back', async () => {
      const sensor = run({ ...enrolling(), PARAPET_MEMORY_LIMIT: '200M' });
      await expect.poll(() => record('collector', 'limits')?.state, soon).toBe('running');
      // Asked of the kernel for this test: to take the sensor and not who is at fault.
      await writeFile(`/proc/${sensor.child.pid}/oom_score_adj`, '1000');
      const hog = spawn(process.execPath, ['-e', hogSource, group()], { stdio: 'ignore' });
      const hogEnded = new Promise((resolve) => hog.on('exit', resolve));
      await sensor.exit;
      expect(sensor.child.signalCode).toBe('SIGKILL');
      await hogEnded;
      run({});
      await expect.poll(() => hellos().length, soon).toBe(2);
      expect(endOf(hellos()[1])).toMatchObject({ end: 'unclean', cause: 'memory-limit' });
    });
  });

  it('says that nothing limits it when that is switched off', async () => {
    run({ ...enrolling(), PARAPET_MEMORY_LIMIT: 'off' });
    await expect.poll(() => record('collector', 'limits')?.source, soon).toBe('no limits');
  });

  it('says goodbye for good when it is being uninstalled', async () => {
    const sensor = run(enrolling());
    await expect.poll(() => sensor.messages.map(({ kind }) => kind), soon).toContain('ready');
    await expect.poll(() => record('host', 'host')?.kernel, soon).toBeDefined();
    await writeFile(join(folder, 'state/uninstall'), '');
    sensor.child.kill('SIGTERM');
    expect(await sensor.exit).toBe(0);
    await expect.poll(() => console.control.at(-1), soon).toEqual({ kind: 'goodbye', reason: 'uninstall' });
  });

  const nodeForNobody: Requirement = {
    met:
      process.getuid?.() === 0 &&
      spawnSync(process.execPath, ['--check', entry], { uid: nobody, gid: nobody, cwd: '/' }).status === 0,
    reason: 'needs a checkout that other users can read',
  };

  describeWith([root, nodeForNobody], 'without root', () => {
    it('says of each collector what it cannot see and the one command for more', async () => {
      await chown(folder, nobody, nobody);
      const sensor = run(enrolling(), { uid: nobody });
      await expect.poll(() => sensor.messages.map(({ kind }) => kind), soon).toContain('ready');
      await expect.poll(() => record('collector', 'process')?.state, soon).toBe('degraded');
      expect(record('collector', 'process').reason).toContain('sudo ./parapet up');
      expect(record('collector', 'host').state).toBe('running');
      const docker = record('collector', 'docker');
      if (process.env['DOCKER_HOST'] !== undefined) {
        expect(docker.state).toBe('refused');
        expect(docker.reason).toContain('sudo ./parapet up');
        expect(record('host', 'host').runtimes).toMatchObject([{ name: 'docker', state: 'denied' }]);
      }
    });
  });
});
