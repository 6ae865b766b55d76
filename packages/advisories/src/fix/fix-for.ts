import type { Distribution, Package, Sbom } from '@parapet/contract';
import { upgradeCommands } from './commands.ts';

/** What to do about a vulnerable package. */
export type Fix = {
  /** E.g. `Upgrade libssl3 to 3.0.15-1~deb12u1`. */
  readonly title: string;
  /** Run one after the other, as root for a distribution's packages. Empty when there is no fix yet, or none that a command applies. */
  readonly commands: readonly string[];
  readonly note?: string;
};

export type FixTarget = {
  readonly distribution: Distribution | undefined;
  readonly package: Pick<Package, 'type' | 'name' | 'source'> & Partial<Pick<Package, 'evidence' | 'scope'>>;
  /** Absent while there is no fix. */
  readonly fixedVersion: string | undefined;
  /** Where the package is; containers and images are built anew rather than changed. */
  readonly kind: Sbom['target']['kind'];
};

/** The fix of a package with the tools of its distribution or its language. */
export const fixFor = (target: FixTarget): Fix => {
  const { name, type } = target.package;
  const isSystem = /^(?:dpkg|apk|rpm|alpm|portage)$/.test(type);
  if (target.fixedVersion === undefined) {
    const publisher = isSystem ? 'The distribution' : 'The project';
    return { title: `No fix for ${name} yet`, commands: [], note: `${publisher} has not published a fixed version.` };
  }
  const { distribution, fixedVersion: version } = target;
  return {
    title: `Upgrade ${name} to ${version}`,
    commands: upgradeCommands({ type, names: [name], version, distribution }),
    note: isSystem ? systemNote(target.kind) : languageNote(target),
  };
};

const systemNote = (kind: Sbom['target']['kind']): string => {
  if (kind === 'host') return 'Then restart what uses it: a running process keeps the old code.';
  return kind === 'container'
    ? 'Better than changing the container: rebuild its image on an updated base, then replace the container.'
    : 'Run this in the build of the image, or rebuild it on an updated base; then replace the containers made of it.';
};

/** Languages are fixed where the program is built, not where it runs. */
const languageNote = ({ package: { evidence, scope }, kind }: FixTarget): string => {
  const where = "Run this in the project's folder, where its manifest is";
  const then = kind === 'host' ? 'deploy and restart the program' : 'build the image anew and replace its containers';
  const compiled = evidence === 'binary' ? 'compile the program anew' : 'build it anew';
  const narrowed =
    scope === undefined || scope === 'optional'
      ? ''
      : ' It is needed for development only: leaving it out of what is shipped is a fix as well.';
  return `${where}; if another package asks for it, upgrade that one. Then ${compiled}, ${then}.${narrowed}`;
};
