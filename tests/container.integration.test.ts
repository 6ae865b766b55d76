import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execArgv } from '@parapet/core';
import {
  buildDebianImage,
  describeWith,
  docker,
  dockerDaemon,
  eventually,
  programOf,
  removeContainer,
  root,
  runContainer,
  testLabel,
} from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makePackage } from '../tools/package.ts';
import { type ComposeService, readComposeService } from './support/compose-service.ts';

const postgresDir = '/usr/lib/postgresql/15';
const postgres15 = { met: existsSync(`${postgresDir}/bin/postgres`), reason: 'needs PostgreSQL 15 of Debian' };
const base = 'debian:bookworm-slim';
const image = 'parapet-test/console:1';
const network = 'parapet-test-console';
const password = randomBytes(12).toString('hex');
/** initdb asks for the name of its user, so it must be one that the base has. */
const databaseUser = ['--user', 'www-data'];
const volumes = new Set<string>();

/** Signs in from inside, where the name in the certificate does not matter. */
const signIn = `
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const [path, body] = process.argv.slice(1);
const url = 'https://127.0.0.1:8443';
const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json', origin: url }, body });
console.log(answer.status);`;

describeWith([root, dockerDaemon, programOf('debootstrap'), postgres15], 'the image', () => {
  let dir = '';
  let madeBase = false;
  let database = '';
  let console = '';

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ppt-image-'));
    const known = await docker('image', 'inspect', base).catch(() => '');
    if (known === '') {
      const made = await docker('image', 'inspect', 'parapet-test/debian:bookworm').catch(() => '');
      await docker('tag', made === '' ? await buildDebianImage() : 'parapet-test/debian:bookworm', base);
      madeBase = true;
    }
    const archive = await makePackage(() => undefined);
    await docker('build', '--network', 'none', '--label', testLabel, '--tag', image, join(archive, '..'));
    await docker('network', 'create', '--label', testLabel, network);
    await writeFile(join(dir, 'database-password'), `${password}\n`, { mode: 0o644 });
    database = await startPostgres(dir, (await composed('compose.postgres.yaml', 'database')).environment);
    console = await startConsole('compose.postgres.yaml');
  });
  afterAll(async () => {
    for (const id of [console, database]) if (id !== '') await removeContainer(id);
    for (const name of volumes) await docker('volume', 'rm', name).catch(() => undefined);
    await docker('network', 'rm', network).catch(() => undefined);
    await docker('rmi', '--force', image).catch(() => undefined);
    if (madeBase) await docker('rmi', '--no-prune', base).catch(() => undefined);
    await rm(dir, { recursive: true, force: true });
  });

  /** A service of a compose file of deploy/console, as people start it. */
  const composed = (file: string, service = 'console'): Promise<ComposeService> =>
    readComposeService(new URL(`../deploy/console/${file}`, import.meta.url), service, {
      volume: (name) => {
        const own = `${network}-${file}-${name}`;
        volumes.add(own);
        return own;
      },
      secret: (name) => join(dir, name),
    });
  const startConsole = async (file: string): Promise<string> => {
    const service = await composed(file);
    expect(service.image).toBe('parapet/console');
    const id = await runContainer(image, [...service.runArguments, '--network', network], []);
    await answers(id);
    return id;
  };
  const answers = (id: string): Promise<string> =>
    eventually('the console in its container', async () => docker('exec', id, 'parapet', 'status'), 120_000).catch(
      async (error: unknown) => {
        const said = await docker('logs', id);
        await removeContainer(id);
        throw new Error(`${error}\n${said}`);
      },
    );
  const post = (path: string, body: object): Promise<string> =>
    docker(
      'exec',
      '--env',
      'LD_LIBRARY_PATH=/opt/parapet/lib',
      console,
      '/opt/parapet/node/node',
      '--no-warnings',
      '--input-type=module',
      '--eval',
      signIn,
      path,
      JSON.stringify(body),
    );

  it('runs as its own user on a read-only root, with an external PostgreSQL, and keeps its state', async () => {
    const status = await docker('exec', console, 'parapet', 'status');
    expect(status).toContain('external PostgreSQL at database/parapet (NOT encrypted)');
    expect(await docker('exec', console, 'id', '-u')).toBe('10001');
    const told = /There is no admin yet: docker (exec \w+ parapet admin link)$/m.exec(status)?.[1] ?? '';
    const link = await docker(...told.split(' '));
    const secret = /#(\S+)/.exec(link)?.[1];
    const person = { username: 'ada', password: 'a long enough password' };
    expect(await post('/api/v1/links/use', { secret, ...person })).toBe('200');

    await docker('restart', '--time', '60', console);
    await answers(console);
    expect(await post('/api/v1/session', person)).toBe('200');

    // Docker kills after the time that the compose file gives, and 137 would say so.
    await docker('stop', console);
    expect(await docker('inspect', '--format', '{{.State.ExitCode}}', console)).toBe('0');
    await removeContainer(console);
    console = await startConsole('compose.postgres.yaml');
    expect(await post('/api/v1/session', person)).toBe('200');
  });

  it('is found healthy by its own check', async () => {
    const check = await docker('inspect', '--format', '{{json .Config.Healthcheck.Test}}', image);
    const [, ...command] = JSON.parse(check) as string[];
    await docker('exec', console, ...command);
  });

  it('runs with its embedded PostgreSQL too', async () => {
    const id = await startConsole('compose.yaml');
    try {
      expect(await docker('exec', id, 'parapet', 'status')).toContain('PostgreSQL 18 of the console');
    } finally {
      await removeContainer(id);
    }
  });
});

/**
 * Debian's PostgreSQL 15 of this machine in a container of its own, which has no packages: its libraries are lent to it. It stands
 * in for the image that the compose file names, which is told the names of user and database.
 */
const startPostgres = async (
  dir: string,
  { POSTGRES_USER: user = '', POSTGRES_DB: name = '' }: Readonly<Record<string, string>>,
): Promise<string> => {
  const libraries = join(dir, 'lib');
  await mkdir(libraries);
  const { stdout } = await execArgv(['ldd', join(postgresDir, 'bin/postgres'), join(postgresDir, 'bin/initdb')]);
  for (const [, path = ''] of stdout.matchAll(/=> (\/\S+)/g))
    if (!/\/(libc|libm|libdl|libpthread|librt|ld-linux[^/]*)\.so/.test(path))
      await copyFile(path, join(libraries, basename(path)));
  const script = `
    export LD_LIBRARY_PATH=/lent LC_ALL=C PATH=${postgresDir}/bin:$PATH; d=/tmp/data; echo "$PASSWORD" > /tmp/pw
    initdb --pgdata $d --username ${user} --pwfile /tmp/pw --auth scram-sha-256 --encoding UTF8 >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
    echo "host all all all scram-sha-256" >> $d/pg_hba.conf
    { echo 'create database ${name};' | postgres --single -D $d postgres; } >/tmp/log 2>&1
    exec postgres -D $d -c 'listen_addresses=*' -c unix_socket_directories=/tmp`;
  return runContainer(
    base,
    [
      ...['--network', network, '--network-alias', 'database', ...databaseUser, '--env', `PASSWORD=${password}`],
      ...[postgresDir, '/usr/share/postgresql/15'].flatMap((path) => ['--volume', `${path}:${path}:ro`]),
      ...['--volume', `${libraries}:/lent:ro`],
    ],
    ['/bin/sh', '-c', script],
  );
};
