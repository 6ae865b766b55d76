import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeSettings } from './describe-settings.ts';
import { readSettings } from './read-settings.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ppt-config-'));
});
afterAll(() => rm(dir, { recursive: true }));

const file = async (content: string, name = 'console.conf'): Promise<string> => {
  const path = join(dir, name);
  await writeFile(path, content);
  return path;
};

const read = async (content: string, variables: Record<string, string> = {}) =>
  readSettings({ PARAPET_CONFIG_FILE: await file(content), ...variables });

describe('a configuration file', () => {
  it('is read line by line, and says where each setting came from', async () => {
    const { environment, origins } = await read(
      "# our console\n\nPARAPET_PORT=9443\r\nPARAPET_NAME = \"Team 'Blue'\"\nPARAPET_FEED_ECOSYSTEMS='Debian, Alpine'\n",
    );
    expect(environment).toMatchObject({
      PARAPET_PORT: 9443,
      PARAPET_NAME: "Team 'Blue'",
      PARAPET_FEED_ECOSYSTEMS: 'Debian, Alpine',
    });
    expect(origins.get('PARAPET_PORT')).toBe(`${join(dir, 'console.conf')}, line 3`);
  });

  it('gives way to the environment; an empty variable is no setting', async () => {
    const { environment, origins } = await read('PARAPET_PORT=9443\nPARAPET_HOST=10.0.0.1\n', {
      PARAPET_PORT: '7443',
      PARAPET_HOST: '',
    });
    expect(environment).toMatchObject({ PARAPET_PORT: 7443, PARAPET_HOST: '10.0.0.1' });
    expect(origins.get('PARAPET_PORT')).toBe('environment');
  });

  it.each([
    [
      'PARAPET_PUBLIC_URL=https://a',
      /line 1: There is no setting PARAPET_PUBLIC_URL. Did you mean PARAPET_PUBLIC_URLS\?/,
    ],
    ['\nPARAPET_TLS_CRT=/a', /line 2: .*Did you mean PARAPET_TLS_CERT\?/],
    ['DATABSE_URL_FILE=/a', /Did you mean DATABASE_URL_FILE\?/],
    ['SOMETHING_ELSE=1', /There is no setting SOMETHING_ELSE. docs/],
    ['HOME=/root', /There is no setting HOME/],
    ['PARAPET_PORT_FILE=/a', /There is no setting PARAPET_PORT_FILE/],
    ['PARAPET_PORT=1\nPARAPET_PORT=2', /line 2, sets PARAPET_PORT again, after line 1/],
    ['export PARAPET_PORT=1', /line 1, is not of the form NAME=value/],
    ['PARAPET_NAME="a', /line 1, has a " without its end/],
    ['PARAPET_DATA_DIR=/data', /cannot be set in a file.*--data-dir/],
    ['PARAPET_PORT=https', /PARAPET_PORT is wrong: must be a port number/],
    ['#\n'.repeat(1001), /more than 1000 lines/],
  ])('with %j is refused with a sentence', async (content, sentence) => {
    await expect(read(content)).rejects.toThrow(sentence);
  });

  it('that is missing is named', async () => {
    await expect(readSettings({ PARAPET_CONFIG_FILE: join(dir, 'none') })).rejects.toThrow(
      /none, named by PARAPET_CONFIG_FILE/,
    );
  });
});

describe('the environment', () => {
  it('is refused with an unknown name of ours, and is otherwise nobody’s business', async () => {
    await expect(readSettings({ PARAPET_LOGLEVEL: 'debug' })).rejects.toThrow(/Did you mean PARAPET_LOG_LEVEL\?/);
    await expect(
      readSettings({ PATH: '/bin', PARAPET_CONSOLE_URL: 'https://a', PARAPET_TEST_X: '1' }),
    ).resolves.toBeDefined();
  });

  it('may hold what Kubernetes says of a Service named parapet', async () => {
    const { environment } = await readSettings({
      PARAPET_PORT: 'tcp://10.1.2.3:8443',
      PARAPET_SERVICE_HOST: '10.1.2.3',
      PARAPET_SERVICE_PORT_HTTPS: '8443',
      PARAPET_PORT_8443_TCP_ADDR: '10.1.2.3',
    });
    expect(environment.PARAPET_PORT).toBeUndefined();
  });

  it('names files of secrets, and not both the file and the secret', async () => {
    const path = await file('s3cret\n', 'password');
    const { environment } = await readSettings({ DATABASE_PASSWORD_FILE: path });
    expect(environment.DATABASE_PASSWORD).toBe('s3cret');
    await expect(readSettings({ DATABASE_PASSWORD_FILE: path, DATABASE_PASSWORD: 'x' })).rejects.toThrow(/set twice/);
    await expect(readSettings({ DATABASE_PASSWORD_FILE: join(dir, 'none') })).rejects.toThrow(
      /none, named by DATABASE_PASSWORD_FILE/,
    );
  });
});

it('settings are described without their secrets', async () => {
  const described = describeSettings(
    await read(
      'DATABASE_URL=postgres://ada:pw1@db/parapet?sslpassword=pw2\nDATABASE_PASSWORD=pw3\nHTTPS_PROXY=http://u:pw4@proxy:3128\n',
    ),
  );
  expect(JSON.stringify(described)).not.toMatch(/pw\d|ada/);
  expect(described.find(({ name }) => name === 'DATABASE_URL')?.value).toContain('@db/parapet');
  expect(described.find(({ name }) => name === 'PARAPET_PORT')).toEqual({
    name: 'PARAPET_PORT',
    value: '',
    origin: 'default',
  });
});
