import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskArguments, maskText } from './mask-arguments.ts';

/** A secret as people and machines make them: never a word that stands for none, nor the name of a variable. */
const secret = fc
  .stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+/-]{7,40}[A-Za-z0-9]$/)
  .map((text) => `Zq7${text}`)
  .filter((text) => !text.includes('://'));
/** For places that end at a slash. */
const plainSecret = secret.map((text) => text.replaceAll('/', '_'));
const word = fc.stringMatching(/^[a-z]{3,8}$/);
const runs = { numRuns: 300 };

describe('a secret is in no output', () => {
  const forms: readonly (readonly [string, (secret: string, word: string) => readonly string[]])[] = [
    ['--password VALUE', (s, w) => [w, '--password', s, 'x']],
    ['--db-password=VALUE', (s, w) => [w, `--db-password=${s}`]],
    ['-DsecretKey=VALUE', (s) => ['java', `-Dapp.clientSecret=${s}`, '-jar', 'a.jar']],
    ['VARIABLE=VALUE', (s, w) => ['env', `${w.toUpperCase()}_TOKEN=${s}`, w]],
    ['export in a script', (s, w) => ['sh', '-c', `export API_KEY="${s}"; ${w}`]],
    ['a header', (s, w) => ['curl', '-H', `Authorization: Bearer ${s}`, w]],
    ['a header of another name', (s, w) => ['curl', '-H', `X-Auth-Token: ${s}`, w]],
    ['a cookie', (s, w) => ['curl', '--cookie', `${w}=${s}`]],
    ['a header in one argument', (s) => ['wget', `--header=Authorization: Basic ${s}`]],
    ['JSON', (s, w) => [w, `{"user": "${w}", "password": "${s}"}`]],
    ['curl -u', (s, w) => ['curl', '-u', `${w}:${s}`, 'https://x']],
    ['curl --user=', (s, w) => ['curl', `--user=${w}:${s}`, 'https://x']],
    ['curl --proxy-user', (s, w) => ['curl', '--proxy-user', `${w}:${s}`, 'https://x']],
    ['mysql -p', (s) => ['mysql', '-uroot', `-p${s}`]],
    ['redis-cli -a', (s) => ['redis-cli', '-a', s]],
    ['sshpass -p', (s) => ['sshpass', `-p${s}`, 'ssh', 'h']],
  ];
  it.each(forms)('%s', (_form, argv) => {
    fc.assert(
      fc.property(secret, word, (hidden, other) => {
        expect(maskArguments(argv(hidden, other)).join(' ')).not.toContain(hidden);
      }),
      runs,
    );
  });

  const addresses: readonly (readonly [string, (secret: string, word: string) => string])[] = [
    ['user and password', (s, w) => `https://${w}:${s}@host.example/path`],
    ['a password alone', (s) => `redis://:${s}@cache:6379/0`],
    ['a parameter alone', (s, w) => `https://host.example/${w}?token=${s}`],
    ['a parameter', (s, w) => `https://host.example/${w}?a=1&access_token=${s}&b=2`],
    ['a signature', (s) => `https://store.example/blob?sv=2026&sig=${s}`],
    ['a fragment', (s) => `https://host.example/cb#access_token=${s}`],
    ['a database', (s, w) => `postgresql://${w}:${s}@db:5432/${w}`],
  ];
  it.each(addresses)('an address with %s', (_form, address) => {
    fc.assert(
      fc.property(plainSecret, word, (hidden, other) => {
        expect(maskText(address(hidden, other))).not.toContain(hidden);
        expect(maskArguments(['app', `--url=${address(hidden, other)}`]).join(' ')).not.toContain(hidden);
      }),
      runs,
    );
  });
});

describe('masking', () => {
  it('masks once: what is masked stays as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { maxLength: 8 }), (argv) => {
        const once = maskArguments(argv);
        expect(once.length).toBe(argv.length);
        expect(maskArguments(once)).toEqual(once);
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves plain words and paths alone', () => {
    const plain = fc.oneof(
      word,
      word.map((name) => `/usr/bin/${name}`),
      word.map((name) => `--${name}-dir`),
    );
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 8 }), (argv) => {
        expect(maskArguments(['app', ...argv])).toEqual(['app', ...argv]);
      }),
      runs,
    );
  });
});
