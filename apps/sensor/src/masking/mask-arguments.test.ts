import { describe, expect, it } from 'vitest';
import { maskArguments, maskText } from './mask-arguments.ts';
import { isSecretName } from './secret-names.ts';

const m = '****';

describe('maskArguments', () => {
  it.each<[string[], string[]]>([
    [
      ['app', '--password=hunter2'],
      ['app', `--password=${m}`],
    ],
    [
      ['app', '--password', 'hunter2', 'x'],
      ['app', '--password', m, 'x'],
    ],
    [
      ['app', '-password', 'hunter2'],
      ['app', '-password', m],
    ],
    [
      ['app', '--password', '--verbose'],
      ['app', '--password', '--verbose'],
    ],
    [
      ['app', '--db.password=a b'],
      ['app', `--db.password=${m} b`],
    ],
    [
      ['app', '--password-file', '/run/secret'],
      ['app', '--password-file', '/run/secret'],
    ],
    [
      ['app', '--max-tokens', '4096'],
      ['app', '--max-tokens', '4096'],
    ],
    [
      ['app', '--token-ttl=3600s'],
      ['app', '--token-ttl=3600s'],
    ],
    [
      ['env', 'PGPASSWORD=x1y2z3', 'psql'],
      ['env', `PGPASSWORD=${m}`, 'psql'],
    ],
    [
      ['env', 'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG'],
      ['env', `AWS_SECRET_ACCESS_KEY=${m}`],
    ],
    [
      ['env', 'PWD=/home/me', 'HOME=/home/me'],
      ['env', 'PWD=/home/me', 'HOME=/home/me'],
    ],
    [
      ['mysql', '-uroot', '-psecret', 'db'],
      ['mysql', '-uroot', `-p${m}`, 'db'],
    ],
    [
      ['/usr/bin/mysqldump', '-p', 'db'],
      ['/usr/bin/mysqldump', '-p', 'db'],
    ],
    [
      ['sudo', 'mysql', '-psecret'],
      ['sudo', 'mysql', `-p${m}`],
    ],
    [
      ['ssh', '-p', '2222', 'host'],
      ['ssh', '-p', '2222', 'host'],
    ],
    [
      ['mkdir', '-p', 'a/b'],
      ['mkdir', '-p', 'a/b'],
    ],
    [
      ['sshpass', '-p', 'secret', 'ssh', 'h'],
      ['sshpass', '-p', m, 'ssh', 'h'],
    ],
    [
      ['curl', '-u', 'me:secret', 'https://x'],
      ['curl', '-u', `me:${m}`, 'https://x'],
    ],
    [
      ['curl', '-ume:secret'],
      ['curl', `-ume:${m}`],
    ],
    [
      ['curl', '-H', 'Authorization: Bearer abcdefghijkl'],
      ['curl', '-H', `Authorization: ${m}`],
    ],
    [
      ['curl', '-H', 'X-Api-Key: abc123'],
      ['curl', '-H', `X-Api-Key: ${m}`],
    ],
    [
      ['curl', 'https://u:p4ss@host/x?a=1&token=abcdef&b=2'],
      ['curl', `https://u:${m}@host/x?a=1&token=${m}&b=2`],
    ],
    [
      ['curl', '--user=me:secret', 'https://host/x?token=abcdef'],
      ['curl', `--user=me:${m}`, `https://host/x?token=${m}`],
    ],
    [
      ['app', '--callback=https://host/cb#id_token=abcdef&state=1'],
      ['app', `--callback=https://host/cb#id_token=${m}&state=1`],
    ],
    [
      ['git', 'clone', 'https://ghp_0123456789012345678901234567890123@github.com/a'],
      ['git', 'clone', `https://${m}@github.com/a`],
    ],
    [
      ['redis-cli', '-a', 'secret', 'ping'],
      ['redis-cli', '-a', m, 'ping'],
    ],
    [
      ['openssl', 'rsa', '-passin', 'pass:abc'],
      ['openssl', 'rsa', '-passin', m],
    ],
    [
      ['openssl', 'rsa', '-passin', 'file:/x'],
      ['openssl', 'rsa', '-passin', 'file:/x'],
    ],
    [
      ['smbclient', '-U', 'me%secret', '//h/s'],
      ['smbclient', '-U', `me%${m}`, '//h/s'],
    ],
    [
      ['java', '-Djavax.net.ssl.keyStorePassword=changeit', '-jar', 'a.jar'],
      ['java', `-Djavax.net.ssl.keyStorePassword=${m}`, '-jar', 'a.jar'],
    ],
    [
      ['sh', '-c', 'export API_TOKEN="abc"; run --port 80'],
      ['sh', '-c', `export API_TOKEN="${m}"; run --port 80`],
    ],
    [
      ['app', '{"clientSecret": "abc", "name": "x"}'],
      ['app', `{"clientSecret": "${m}", "name": "x"}`],
    ],
    [
      ['app', 'postgres://u:p%40ss@db:5432/x'],
      ['app', `postgres://u:${m}@db:5432/x`],
    ],
    [
      ['app', 'Server=db;User=sa;Password=Abc!1;'],
      ['app', `Server=db;User=sa;Password=${m};`],
    ],
    [
      ['app', 'AKIAIOSFODNN7EXAMPLE'],
      ['app', m],
    ],
    [
      ['app', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def'],
      ['app', m],
    ],
    [
      ['app', '--auth=$AUTH', '--password='],
      ['app', '--auth=$AUTH', '--password='],
    ],
    [
      ['nginx', '-g', 'daemon off;'],
      ['nginx', '-g', 'daemon off;'],
    ],
    [
      ['postgres', '-D', '/var/lib/data', '-c', 'shared_buffers=1GB'],
      ['postgres', '-D', '/var/lib/data', '-c', 'shared_buffers=1GB'],
    ],
    [
      ['node', 'server.js', '--author=me', '--bypass=x', '--compass', 'north'],
      ['node', 'server.js', '--author=me', '--bypass=x', '--compass', 'north'],
    ],
    [['password'], ['password']],
  ])('%j', (argv, expected) => {
    expect(maskArguments(argv)).toEqual(expected);
  });

  it('hides private keys however they are cut', () => {
    expect(maskText('-----BEGIN RSA PRIVATE KEY-----\nabc')).toBe(m);
  });

  it('is quick on hostile text', () => {
    for (const piece of ['a', 'a.', '=', '"', 'token=', '://', 'password ', 'eyJ', '-----BEGIN ']) {
      const started = performance.now();
      maskText(piece.repeat(Math.ceil(4096 / piece.length)));
      // Only a runaway expression takes seconds.
      expect(performance.now() - started).toBeLessThan(2000);
    }
  });
});

describe('isSecretName', () => {
  it.each([
    'password',
    'DB_PASS',
    'clientSecret',
    'X-Auth-Token',
    'api.key',
    'apiKey',
    'MYSQL_ROOT_PASSWORD',
    'accountKey',
  ])('knows %s', (name) => {
    expect(isSecretName(name)).toBe(true);
  });
  it.each([
    'path',
    'secret-name',
    'key',
    'primaryKey',
    'token_url',
    'no-password',
    'author',
    'passive',
    'monkey',
    'max_tokens',
  ])('lets %s pass', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});
