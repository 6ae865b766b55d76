import type { CpeParts } from '../../cpe.ts';

/** A program that people build or download instead of installing a package. */
export type KnownProgram = {
  /** As the package URL calls it. */
  readonly name: string;
  /** The names of its files. A group is the part of the version that stands in the name. */
  readonly files: RegExp;
  /** The text around the version, which is the group; made of what the file's name says. */
  readonly text: (fileVersion: string) => RegExp;
  /** Several texts look alike, and the newest is its own: others are of formats and commands that older versions had. */
  readonly takesNewest?: boolean;
  readonly cpes: readonly CpeParts[];
};

const cpe = (vendor: string, product: string): CpeParts => ({ vendor, product });

const text = (pattern: RegExp): KnownProgram['text'] => {
  const source = new RegExp(pattern.source, 'g');
  return () => source;
};

/** What the programs say of themselves was read from builds of Debian 12 and of their makers; texts are those that they print. */
const programs: readonly KnownProgram[] = [
  { name: 'bash', files: /^bash$/, text: text(/@\(#\)Bash version (\d+\.\d+\.\d+)/), cpes: [cpe('gnu', 'bash')] },
  {
    name: 'busybox',
    // Where all its names are links to one file, `[` is the first of them.
    files: /^(?:busybox(?:\.\w+)?|\[)$/,
    text: text(/BusyBox v(\d+\.\d+\.\d+)/),
    cpes: [cpe('busybox', 'busybox')],
  },
  { name: 'curl', files: /^curl$/, text: text(/\bcurl\/(\d+\.\d+\.\d+)/), cpes: [cpe('haxx', 'curl')] },
  {
    name: 'curl',
    files: /^libcurl(?:-\w+)?\.so[.\d]*$/,
    text: text(/libcurl\/(\d+\.\d+\.\d+)/),
    cpes: [cpe('haxx', 'libcurl')],
  },
  { name: 'dnsmasq', files: /^dnsmasq$/, text: text(/dnsmasq-(\d+\.\d+)/), cpes: [cpe('thekelleys', 'dnsmasq')] },
  {
    name: 'dropbear',
    files: /^dropbear(?:multi)?$/,
    text: text(/-dropbear_(\d{4}\.\d+)/),
    cpes: [cpe('dropbear_ssh_project', 'dropbear_ssh')],
  },
  {
    name: 'haproxy',
    files: /^haproxy$/,
    text: text(/ version (\d+\.\d+(?:\.\d+|-dev\d+))[^\0]{0,40}, released /),
    cpes: [cpe('haproxy', 'haproxy')],
  },
  {
    name: 'httpd',
    files: /^(?:httpd|apache2)$/,
    text: text(/\0Apache\/(\d+\.\d+\.\d+)/),
    cpes: [cpe('apache', 'http_server')],
  },
  {
    name: 'lighttpd',
    files: /^lighttpd$/,
    text: text(/lighttpd\/(\d+\.\d+\.\d+)/),
    cpes: [cpe('lighttpd', 'lighttpd')],
  },
  {
    name: 'mariadb',
    files: /^(?:mariadbd|mysqld)$/,
    // No text stands before it, so its numbers are bounded: a file of digits alone would be tried at every one of them.
    text: text(/\b(\d{1,3}\.\d{1,3}\.\d{1,3})-MariaDB/),
    cpes: [cpe('mariadb', 'mariadb')],
  },
  {
    name: 'memcached',
    files: /^memcached$/,
    text: text(/\bmemcached (\d+\.\d+\.\d+)/),
    cpes: [cpe('memcached', 'memcached')],
  },
  {
    name: 'mysql',
    files: /^mysqld$/,
    text: text(/\/mysql-(\d+\.\d+\.\d+)\//),
    cpes: [cpe('oracle', 'mysql'), cpe('oracle', 'mysql_server')],
  },
  {
    name: 'nginx',
    files: /^nginx$/,
    text: text(/\bnginx\/(\d+\.\d+\.\d+)/),
    cpes: [cpe('f5', 'nginx'), cpe('nginx', 'nginx')],
  },
  { name: 'node', files: /^node(?:js)?$/, text: text(/node\.js\/v(\d+\.\d+\.\d+)/), cpes: [cpe('nodejs', 'node.js')] },
  { name: 'openssh', files: /^sshd$/, text: text(/\0OpenSSH_(\d+\.\d+p\d+)/), cpes: [cpe('openbsd', 'openssh')] },
  {
    name: 'openssl',
    files: /^(?:openssl|libcrypto\.so[.\d]*)$/,
    text: text(/\bOpenSSL (\d+\.\d+\.\d+[a-z]{0,2})(?:-\w+)? {1,2}\d{1,2} [A-Z][a-z]{2} \d{4}/),
    cpes: [cpe('openssl', 'openssl')],
  },
  {
    name: 'openvpn',
    files: /^openvpn$/,
    text: text(/\bOpenVPN (\d+\.\d+\.\d+) \S{1,64} \[/),
    cpes: [cpe('openvpn', 'openvpn')],
  },
  {
    name: 'perl',
    files: /^(?:perl(?:5[.\d]*)?|libperl\.so[.\d]*)$/,
    text: text(/\0v(5\.\d+\.\d+)\0/),
    cpes: [cpe('perl', 'perl')],
  },
  {
    name: 'php',
    files: /^(?:php(?:-cgi|-fpm)?[.\d]*|libphp[\d.]*\.so)$/,
    text: text(/X-Powered-By: PHP\/(\d+\.\d+\.\d+)/),
    cpes: [cpe('php', 'php')],
  },
  {
    name: 'postgresql',
    files: /^postgres$/,
    text: text(/\(PostgreSQL\) (\d+(?:\.\d+)+|\d+(?:beta|rc)\d+)/),
    cpes: [cpe('postgresql', 'postgresql')],
  },
  {
    name: 'proftpd',
    files: /^proftpd$/,
    text: text(/ProFTPD Version (\d+\.\d+\.\d+[a-z]?)/),
    cpes: [cpe('proftpd', 'proftpd')],
  },
  {
    name: 'python',
    files: /^(?:lib)?python(\d\.\d{1,2})m?(?:\.so[.\d]*)?$/,
    text: pythonText,
    cpes: [cpe('python', 'python')],
  },
  {
    name: 'redis',
    files: /^redis-server$/,
    text: text(/\0(\d+\.\d+\.\d+)(?=\0)/),
    takesNewest: true,
    cpes: [cpe('redis', 'redis')],
  },
  {
    name: 'ruby',
    files: /^(?:ruby[.\d]*|libruby(?:-[\d.]+)?\.so[.\d]*)$/,
    text: text(/\bruby (\d+\.\d+\.\d+)(?:p\d+)? \(\d{4}-\d\d-\d\d/),
    cpes: [cpe('ruby-lang', 'ruby')],
  },
  {
    name: 'sqlite',
    files: /^(?:sqlite3|libsqlite3\.so[.\d]*)$/,
    text: text(/\0(3\.\d+\.\d+)\0/),
    cpes: [cpe('sqlite', 'sqlite')],
  },
  { name: 'squid', files: /^squid$/, text: text(/\bsquid\/(\d+\.\d+(?:\.\d+)?)/), cpes: [cpe('squid-cache', 'squid')] },
  { name: 'unbound', files: /^unbound$/, text: text(/\bunbound (\d+\.\d+\.\d+)/), cpes: [cpe('nlnetlabs', 'unbound')] },
  {
    name: 'valkey',
    files: /^valkey-server$/,
    text: text(/\0(\d+\.\d+\.\d+)(?=\0)/),
    takesNewest: true,
    cpes: [cpe('lfprojects', 'valkey')],
  },
];

/** The version's first two numbers stand in the file's name, and the whole of it alone between zeros. */
function pythonText(fileVersion: string): RegExp {
  return new RegExp(`\\0(${fileVersion.replace('.', '\\.')}\\.\\d+(?:(?:a|b|rc)\\d+)?)\\+?\\0`, 'g');
}

/** The programs that a file of this name may be, `mysqld` two of them. Cheap: it is asked for every program of a target. */
export const knownProgramsOf = (name: string): readonly KnownProgram[] =>
  firstLetters.has(name.charCodeAt(0)) ? programs.filter(({ files }) => files.test(name)) : [];

const firstLetters: ReadonlySet<number> = new Set([...'[abcdhlmnoprsuv'].map((letter) => letter.charCodeAt(0)));

/** Looks through pieces of a program for the version of one that it may be. */
export type VersionFinder = {
  readonly program: KnownProgram;
  readonly look: (piece: string) => void;
  readonly version: () => string | undefined;
};

export const versionFinder = (program: KnownProgram, fileName: string): VersionFinder => {
  const pattern = program.text(program.files.exec(fileName)?.[1] ?? '');
  let best: string | undefined;
  return {
    program,
    look: (piece) => {
      if (best !== undefined && program.takesNewest !== true) return;
      for (const [, version] of piece.matchAll(pattern)) {
        if (version !== undefined && (best === undefined || isNewer(version, best))) best = version;
        if (program.takesNewest !== true) return;
      }
    },
    version: () => best,
  };
};

const isNewer = (version: string, than: string): boolean => {
  const other = than.split('.').map(Number);
  const difference = version
    .split('.')
    .map((part, index) => Number(part) - (other[index] ?? 0))
    .find((one) => one !== 0);
  return (difference ?? 0) > 0;
};
