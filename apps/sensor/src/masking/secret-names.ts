/**
 * Whether a name (an option, a variable, a header, a JSON key) usually holds a secret. Names are split at dashes, dots,
 * underscores and capitals: `--db-password`, `PGPASSWORD`, `clientSecret`, `X-Api-Key`.
 */
export const isSecretName = (name: string): boolean => {
  const words = wordsOf(name);
  const last = words.at(-1);
  const first = words[0];
  if (last === undefined || first === undefined) return false;
  // Names of something about a secret: where it lies, how long it lives.
  if (words.length > 1 && (aboutWords.has(last) || countWords.has(first))) return false;
  if (words.some((word) => secretWords.has(word))) return true;
  if (last === 'key' && words.some((word) => keyQualifiers.has(word))) return true;
  return secretEndings.some((ending) => last.endsWith(ending) && !harmless.has(last));
};

const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');

const secretWords: ReadonlySet<string> = new Set([
  'pass',
  'passwd',
  'password',
  'passwords',
  'passphrase',
  'passcode',
  'pw',
  'pwd',
  'secret',
  'secrets',
  'token',
  'tokens',
  'apikey',
  'credential',
  'credentials',
  'creds',
  'auth',
  'authorization',
  'bearer',
  'cookie',
  'sessionid',
  'signature',
  'sig',
  'sas',
  'psk',
]);

const keyQualifiers: ReadonlySet<string> = new Set([
  'api',
  'access',
  'private',
  'account',
  'encryption',
  'signing',
  'master',
  'shared',
  'storage',
  'subscription',
  'license',
  'licence',
  'app',
  'application',
  'service',
]);

const secretEndings = ['password', 'passwd', 'passphrase', 'secret', 'token', 'apikey', 'accesskey', 'privatekey'];
const harmless: ReadonlySet<string> = new Set(['nopassword', 'nopasswd']);

const aboutWords: ReadonlySet<string> = new Set([
  'file',
  'files',
  'path',
  'dir',
  'directory',
  'folder',
  'name',
  'id',
  'ids',
  'ttl',
  'expiry',
  'expires',
  'length',
  'len',
  'type',
  'policy',
  'url',
  'uri',
  'endpoint',
  'server',
  'host',
  'port',
  'method',
  'mode',
  'timeout',
  'count',
  'size',
  'limit',
  'plugin',
  'provider',
  'source',
  'stdin',
  'enabled',
  'command',
  'cmd',
  'db',
  'ref',
]);
const countWords: ReadonlySet<string> = new Set(['max', 'min', 'num', 'no', 'skip', 'disable', 'enable', 'use']);
