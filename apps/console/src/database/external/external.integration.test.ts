import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@parapet/core';
import { describeWith } from '@parapet/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuthority } from '../../authority/authority.ts';
import type { DataFolder } from '../../data-folder/data-folder.ts';
import { silentLog } from '../../logging/log.ts';
import { testRunAs } from '../../testing/test-server.ts';
import { openDatabase } from '../open-database.ts';
import { findBinaries } from '../postgres-launcher/binaries.ts';

const system = await findBinaries({ copyDir: tmpdir(), runAs: testRunAs, systemOnly: true }).catch(() => undefined);
const systemPostgres = { met: system !== undefined, reason: 'needs a PostgreSQL of the machine, 15 or newer' };

/** A server of the machine's PostgreSQL that listens on TCP with TLS, as an external one does. */
describeWith([systemPostgres], 'an external PostgreSQL', () => {
  let dir = '';
  let caFile = '';
  const port = 20_000 + (process.pid % 20_000);
  const run = (program: 'initdb' | 'postgres', ...args: readonly string[]): void => {
    execFileSync(system?.[program] ?? '', args, {
      stdio: 'ignore',
      cwd: '/',
      env: { LC_ALL: 'C' },
      ...testRunAs,
    });
  };
  const pgCtl = (...args: readonly string[]): void => {
    const path = join(system?.postgres ?? '', '..', 'pg_ctl');
    execFileSync(path, ['-D', join(dir, 'data'), '-w', '-s', ...args], { stdio: 'ignore', cwd: '/', ...testRunAs });
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ppt-ext-'));
    if (testRunAs !== undefined) await chown(dir, testRunAs.uid, testRunAs.gid);
    const authority = await createAuthority({ keysDir: join(dir, 'keys'), clock: systemClock });
    caFile = join(dir, 'ca.pem');
    await writeFile(caFile, authority.certificatePem);
    await writeFile(join(dir, 'pw'), 'the owner');
    if (testRunAs !== undefined) await chmod(join(dir, 'pw'), 0o644);
    run(
      'initdb',
      '-D',
      join(dir, 'data'),
      '-U',
      'owner',
      '--pwfile',
      join(dir, 'pw'),
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
    );
    const { certificatePem, privateKeyPem } = await authority.issueServer(['localhost'], 1);
    for (const [name, content] of [
      ['server.crt', certificatePem],
      ['server.key', privateKeyPem],
    ] as const) {
      const path = join(dir, 'data', name);
      await writeFile(path, content, { mode: 0o600 });
      if (testRunAs !== undefined) await chown(path, testRunAs.uid, testRunAs.gid);
    }
    pgCtl(
      'start',
      '-l',
      join(dir, 'log'),
      '-o',
      `-p ${port} -c listen_addresses=127.0.0.1 -c ssl=on -c unix_socket_directories= -c fsync=off`,
    );
    await execute("create role guest login password 'the guest'");
    await execute('create database parapet');
    await execute("create database latin encoding 'LATIN1' locale 'C' template template0");
  });
  afterAll(async () => {
    pgCtl('stop', '-m', 'immediate');
    await rm(dir, { recursive: true, force: true });
  });

  const execute = async (statement: string): Promise<void> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'owner',
      password: 'the owner',
      database: 'postgres',
    });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  type Options = { readonly password?: string; readonly caFile?: string };
  /** What it is called when it can be used, else why not. */
  const open = async (url: string, options: Options = { caFile }): Promise<string> => {
    const database = {
      ...{ kind: 'url' as const, url: url.replace('PORT', String(port)) },
      ...{ password: options.password ?? 'the owner', caFile: options.caFile },
    };
    try {
      const opened = await openDatabase({ database }, {} as DataFolder, silentLog);
      await opened.close();
      return opened.description;
    } catch (error) {
      return String(error);
    }
  };

  it('is used over a verified line, and what does not fit is said in words', async () => {
    expect(await open('postgres://owner@localhost:PORT/parapet?sslmode=verify-full')).toContain(
      '(encrypted and verified)',
    );
    expect(await open('postgres://owner@127.0.0.1:PORT/parapet?sslmode=verify-ca')).toContain('its authority verified');
    expect(await open('postgres://owner@127.0.0.1:PORT/parapet?sslmode=verify-full')).toContain('of another name');
    expect(await open('postgres://owner@localhost:PORT/parapet?sslmode=verify-full', {})).toContain('DATABASE_CA_FILE');
    expect(await open('postgres://owner@localhost:PORT/parapet', { password: 'wrong' })).toContain(
      'refuses the password',
    );
    expect(await open('postgres://owner@localhost:PORT/absent')).toContain('create database NAME');
    expect(await open('postgres://owner@localhost:PORT/latin')).toContain('has the encoding LATIN1');
    expect(await open('postgres://guest@localhost:PORT/parapet', { password: 'the guest' })).toContain(
      'alter database parapet owner to guest;',
    );
  });

  it('that is read-only, or has no connection left, is not used', async () => {
    await execute('alter role guest set default_transaction_read_only = on');
    expect(await open('postgres://guest@localhost:PORT/parapet', { password: 'the guest' })).toContain(
      'read-only replica',
    );
    await execute('alter role guest reset all');
    await execute('alter role owner set default_transaction_read_only = off');
    expect(await readFile(join(dir, 'log'), 'utf8')).not.toContain('PANIC');
  });

  it('without TLS is used only when that is asked for', async () => {
    pgCtl(
      'restart',
      '-l',
      join(dir, 'log'),
      '-o',
      `-p ${port} -c listen_addresses=127.0.0.1 -c ssl=off -c unix_socket_directories= -c fsync=off`,
    );
    expect(await open('postgres://owner@localhost:PORT/parapet?sslmode=require')).toContain('offers no TLS');
    expect(await open('postgres://owner@localhost:PORT/parapet')).toContain('on this machine');
  });
});
