/**
 * Secrets that some programs take in an option whose name says nothing: `mysql -psecret`, `curl -u user:secret`.
 * Works on the program's base name, also when a shell or `sudo` stands before it.
 */
export const maskProgramOptions = (argv: readonly string[]): readonly string[] => {
  const at = argv.slice(0, 8).findIndex((argument) => programOptions.has(baseName(argument)));
  const options = at === -1 ? undefined : programOptions.get(baseName(argv[at] ?? ''));
  if (options === undefined) return argv;
  return argv.map((argument, index) => {
    if (index <= at) return argument;
    const before = argv[index - 1] ?? '';
    for (const option of options) {
      if (option.separate && index - 1 > at && before === option.name) return option.hide(argument);
      const assigned = `${option.name}=`;
      if (option.name.startsWith('--') && argument.startsWith(assigned)) {
        return `${assigned}${option.hide(argument.slice(assigned.length))}`;
      }
      if (option.attached && argument.startsWith(option.name) && argument.length > option.name.length) {
        return `${option.name}${option.hide(argument.slice(option.name.length))}`;
      }
    }
    return argument;
  });
};

type SecretOption = {
  readonly name: string;
  /** The value may be the next argument. */
  readonly separate: boolean;
  /** The value may follow in the same argument. */
  readonly attached: boolean;
  readonly hide: (value: string) => string;
};

const hidden = '****';
const all = (): string => hidden;
const afterFirst =
  (separator: string) =>
  (value: string): string => {
    const at = value.indexOf(separator);
    return at === -1 ? value : `${value.slice(0, at + 1)}${hidden}`;
  };

const both = (name: string, hide: (value: string) => string = all): SecretOption => ({
  name,
  separate: true,
  attached: !name.startsWith('--'),
  hide,
});
const attachedOnly = (name: string): SecretOption => ({ name, separate: false, attached: true, hide: all });
const separateOnly = (name: string, hide: (value: string) => string = all): SecretOption => ({
  name,
  separate: true,
  attached: false,
  hide,
});

const userAndPassword = afterFirst(':');
const httpClient = [
  both('-u', userAndPassword),
  separateOnly('--user', userAndPassword),
  separateOnly('--proxy-user', userAndPassword),
  both('-U', userAndPassword),
];
const ldap = [both('-w')];
const mysql = [attachedOnly('-p')];
const mongo = [separateOnly('-p')];
const samba = [both('-U', afterFirst('%')), separateOnly('--user', afterFirst('%'))];

const programOptions: ReadonlyMap<string, readonly SecretOption[]> = new Map([
  ...[
    'mysql',
    'mysqldump',
    'mysqladmin',
    'mysqlimport',
    'mysqlcheck',
    'mysqlsh',
    'mariadb',
    'mariadb-dump',
    'mariadb-admin',
  ].map((program) => [program, mysql] as const),
  ...['mongo', 'mongosh', 'mongodump', 'mongorestore', 'mongoexport', 'mongoimport'].map(
    (program) => [program, mongo] as const,
  ),
  ...['ldapsearch', 'ldapadd', 'ldapmodify', 'ldapdelete', 'ldapwhoami'].map((program) => [program, ldap] as const),
  ...['smbclient', 'rpcclient', 'smbget'].map((program) => [program, samba] as const),
  ['curl', httpClient],
  ['wget', httpClient],
  ['http', [separateOnly('-a', userAndPassword)]],
  ['redis-cli', [separateOnly('-a')]],
  ['sshpass', [both('-p')]],
  ['docker', [separateOnly('-p')]],
  ['podman', [separateOnly('-p')]],
  ['helm', [separateOnly('-p')]],
  ['sqlcmd', [both('-P')]],
  ['bcp', [both('-P')]],
  ['rabbitmqadmin', [separateOnly('-p')]],
  ['influx', [separateOnly('-t')]],
  ['zip', [separateOnly('-P')]],
  ['unzip', [both('-P')]],
  ['7z', [attachedOnly('-p')]],
  ['7za', [attachedOnly('-p')]],
  [
    'openssl',
    ['-pass', '-passin', '-passout', '-k', '-K'].map((name) =>
      separateOnly(name, (value) => (/^(file|env|fd):|^stdin$/.test(value) ? value : hidden)),
    ),
  ],
]);

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
