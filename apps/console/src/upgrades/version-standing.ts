import type { VersionStanding } from '@parapet/contract/api';
import type { SensorProgram } from '@parapet/contract/wire';
import type { SensorArchives } from './archives.ts';

/** What this console's sensors are: its own version, and the builds of it that are ready, by processor. */
export type Release = { readonly version: string; readonly builds: ReadonlyMap<string, string> };

export const releaseOf = (deps: { readonly archives: SensorArchives; readonly version: string }): Release => ({
  version: deps.version,
  builds: new Map(deps.archives.newest().map(({ architecture, build }) => [architecture, build])),
});

/** How a sensor's program stands to the console's. Of one version there may be several builds, as while it is developed. */
export const standingOf = (
  sensor: { readonly version: string; readonly program: SensorProgram | null },
  release: Release,
): VersionStanding => {
  const order = compareReleases(sensor.version, release.version);
  if (order === undefined) return 'unknown';
  if (order !== 0) return order < 0 ? 'outdated' : 'newer';
  const { program } = sensor;
  // What came with this console or its image cannot be told by a build.
  if (program?.build === undefined || program.kind !== 'installed') return 'current';
  const build = release.builds.get(program.architecture);
  return build === undefined || build === program.build ? 'current' : 'outdated';
};

/** The order of our own versions, `1.2.3` or `1.2.3-rc.1`; `undefined` when one is none. */
export const compareReleases = (a: string, b: string): number | undefined => {
  const [left, right] = [partsOf(a), partsOf(b)];
  if (left === undefined || right === undefined) return undefined;
  for (const at of [0, 1, 2] as const) {
    if (left.numbers[at] !== right.numbers[at]) return left.numbers[at] - right.numbers[at];
  }
  if (left.before === right.before) return 0;
  // A version goes after what led to it.
  if (left.before === '') return 1;
  if (right.before === '') return -1;
  return left.before.localeCompare(right.before, 'en', { numeric: true });
};

const partsOf = (version: string) => {
  const [, major, minor, patch, before = ''] =
    /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([\w.-]{1,64}))?$/.exec(version) ?? [];
  if (major === undefined) return undefined;
  return { numbers: [Number(major), Number(minor), Number(patch)] as const, before };
};
