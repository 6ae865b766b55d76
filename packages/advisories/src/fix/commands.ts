import type { Distribution } from '@parapet/contract';

/** What is to be upgraded: packages of one source, to a version that has the fixes of all. */
export type Upgrade = {
  /** `dpkg`, `rpm`, `apk`, or the type of a package URL. */
  readonly type: string;
  readonly names: readonly [string, ...string[]] | readonly string[];
  readonly version: string;
  readonly distribution: Distribution | undefined;
};

/** The commands that upgrade, run one after the other; none where no command does, or a name is not plain. */
export const upgradeCommands = (upgrade: Upgrade): readonly string[] => {
  const system = systemCommands.get(upgrade.type);
  const name = upgrade.names[0];
  if (name === undefined) return [];
  if (system !== undefined) {
    return upgrade.names.every(isPlainName) ? system(upgrade.names.join(' '), upgrade.distribution) : [];
  }
  const command = languageCommands.get(upgrade.type);
  if (command === undefined || upgrade.names.length !== 1) return [];
  return isPlainPath(name) && isPlainVersion(upgrade.version) ? [command(name, upgrade.version)] : [];
};

/** The one command that does the work, for lists; `undefined` where there is none. */
export const upgradeCommandOf = (upgrade: Upgrade): string | undefined => upgradeCommands(upgrade).at(-1);

/** Names come out of a workload's files, and people paste commands: only what every shell takes as it is. */
const isPlainName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,200}$/.test(name);
const isPlainPath = (name: string): boolean => /^@?[A-Za-z0-9][A-Za-z0-9.+_:/-]{0,200}$/.test(name);
const isPlainVersion = (version: string): boolean => /^[A-Za-z0-9][A-Za-z0-9.+_:-]{0,100}$/.test(version);

type SystemCommands = (names: string, distribution: Distribution | undefined) => readonly string[];

const rpmCommand: SystemCommands = (names, distribution) => {
  const id = distribution?.id ?? '';
  const release = Number.parseInt(distribution?.versionId ?? '', 10);
  if (/^(?:sles|sled|opensuse)/.test(id)) return [`zypper --non-interactive update ${names}`];
  if (id === 'photon' || id === 'mariner' || id === 'azurelinux') return [`tdnf update -y ${names}`];
  const isOld = (id === 'amzn' && release <= 2) || (/^(?:rhel|centos|ol)$/.test(id) && release <= 7);
  return [isOld ? `yum update -y ${names}` : `dnf upgrade --refresh -y ${names}`];
};

/** Maps, not objects: the type comes out of a document. */
const systemCommands: ReadonlyMap<string, SystemCommands> = new Map<string, SystemCommands>([
  ['dpkg', (names) => ['apt-get update', `apt-get install --only-upgrade ${names}`]],
  ['apk', (names) => ['apk update', `apk add --upgrade ${names}`]],
  ['rpm', rpmCommand],
  // A part of Arch cannot be upgraded alone.
  ['alpm', () => ['pacman -Syu']],
  ['portage', (names) => [`emerge --ask --oneshot --update ${names}`]],
]);

const languageCommands: ReadonlyMap<string, (name: string, version: string) => string> = new Map([
  ['npm', (name, version) => `npm install ${name}@${version}`],
  ['pypi', (name, version) => `pip install --upgrade ${name}==${version}`],
  [
    'maven',
    (name, version) => `mvn versions:use-dep-version -Dincludes=${name} -DdepVersion=${version} -DforceVersion=true`,
  ],
  ['golang', (name, version) => goCommand(name, version.replace(/^v/, ''))],
  ['cargo', (name, version) => `cargo update --package ${name} --precise ${version}`],
  ['gem', (name) => `bundle update --conservative ${name}`],
  ['nuget', (name, version) => `dotnet add package ${name} --version ${version}`],
  ['composer', (name, version) => `composer require --update-with-all-dependencies ${name}:${version}`],
  ['hex', (name) => `mix deps.update ${name}`],
  ['pub', (name) => `dart pub upgrade ${name}`],
  ['cran', (name) => `Rscript -e "install.packages('${name}')"`],
  ['swift', (name) => `swift package update ${name.slice(name.lastIndexOf('/') + 1)}`],
  ['conda', (name, version) => `conda install ${name}=${version}`],
]);

const goCommand = (name: string, version: string): string =>
  name === 'stdlib' || name === 'toolchain'
    ? `go get go@${version} toolchain@go${version}`
    : `go get ${name}@v${version}`;
