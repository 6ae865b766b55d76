import type { Distribution, Package, Sbom } from '@parapet/contract';

/** What to do about a vulnerable package. */
export type Fix = {
  /** E.g. `Upgrade libssl3 to 3.0.15-1~deb12u1`. */
  readonly title: string;
  /** Run one after the other as root. Empty when there is no fix yet, or none that a command applies. */
  readonly commands: readonly string[];
  readonly note?: string;
};

export type FixTarget = {
  readonly distribution: Distribution | undefined;
  readonly package: Pick<Package, 'type' | 'name' | 'source'>;
  /** Absent while there is no fix. */
  readonly fixedVersion: string | undefined;
  /** Where the package is; containers and images are built anew rather than changed. */
  readonly kind: Sbom['target']['kind'];
};

/** The fix of a package for its distribution's own tools. */
export const fixFor = (target: FixTarget): Fix => {
  const { name } = target.package;
  if (target.fixedVersion === undefined) {
    return {
      title: `No fix for ${name} yet`,
      commands: [],
      note: 'The distribution has not published a fixed version.',
    };
  }
  const commands = isSafeName(name) ? commandsFor(target.package.type, target.distribution, name) : [];
  const note = target.kind === 'host' ? restartNote : rebuildNote(target.kind);
  return { title: `Upgrade ${name} to ${target.fixedVersion}`, commands, note };
};

const restartNote = 'Then restart what uses it: a running process keeps the old code.';

const rebuildNote = (kind: Sbom['target']['kind']): string =>
  kind === 'container'
    ? 'Better than changing the container: rebuild its image on an updated base, then replace the container.'
    : 'Run this in the build of the image, or rebuild it on an updated base; then replace the containers made of it.';

/** The name comes out of a workload's files, and people paste commands. */
const isSafeName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,200}$/.test(name);

const commandsFor = (type: string, distribution: Distribution | undefined, name: string): readonly string[] => {
  switch (type) {
    case 'dpkg':
      return ['apt-get update', `apt-get install --only-upgrade ${name}`];
    case 'apk':
      return ['apk update', `apk add --upgrade ${name}`];
    case 'rpm':
      return [rpmCommand(distribution, name)];
    default:
      return [];
  }
};

const rpmCommand = (distribution: Distribution | undefined, name: string): string => {
  const id = distribution?.id ?? '';
  const release = Number.parseInt(distribution?.versionId ?? '', 10);
  if (/^(?:sles|sled|opensuse)/.test(id)) return `zypper --non-interactive update ${name}`;
  if (id === 'photon' || id === 'mariner' || id === 'azurelinux') return `tdnf update -y ${name}`;
  const isOld = (id === 'amzn' && release <= 2) || (/^(?:rhel|centos|ol)$/.test(id) && release <= 7);
  return isOld ? `yum update -y ${name}` : `dnf upgrade --refresh -y ${name}`;
};
