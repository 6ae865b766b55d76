import type { VersionScheme } from './scheme.ts';
import { apkScheme } from './schemes/apk/index.ts';
import { debScheme } from './schemes/deb/index.ts';
import { rpmScheme } from './schemes/rpm/index.ts';

/** Every scheme; a test compares it with the folders under `schemes/`. */
export const schemes: readonly VersionScheme[] = [apkScheme, debScheme, rpmScheme];

const byEcosystem: ReadonlyMap<string, VersionScheme> = new Map(
  schemes.flatMap((scheme) => scheme.ecosystems.map((ecosystem) => [ecosystem, scheme] as const)),
);

/**
 * The scheme of an OSV ecosystem, its release suffix allowed: `Debian`, `Debian:12`, `Ubuntu:22.04:LTS`. `undefined` for an
 * ecosystem without a scheme: its versions cannot be compared, and nobody should guess.
 */
export const schemeOf = (ecosystem: string): VersionScheme | undefined =>
  byEcosystem.get(ecosystem.split(':', 1)[0] ?? '');
