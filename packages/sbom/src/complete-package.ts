import type { Package } from '@parapet/contract';
import { cpeOf } from './cpe.ts';
import type { FoundPackage } from './extractors/extractor.ts';
import { packageUrlOf } from './extractors/package-url.ts';
import type { FileReading } from './walk/read-file.ts';

/** As the SBOM schema says. */
const limits = {
  name: 1024,
  version: 1024,
  purl: 2048,
  licence: 1024,
  licences: 64,
  location: 4096,
  files: 4096,
  cpes: 8,
};

/**
 * Makes a package of what an extractor found, within the limits of the schema; `undefined` for one without a name, and for what
 * is just another view of the distribution's package that owns the file.
 */
export const completePackage = (
  reading: FileReading,
  found: FoundPackage,
  owner: string | undefined,
): Package | undefined => {
  const { extractor } = reading;
  if (owner !== undefined && extractor.onlyUnowned === true) return undefined;
  const type = found.type ?? extractor.type;
  const name = found.name.trim().slice(0, limits.name);
  const version = found.version.trim().slice(0, limits.version);
  if (name === '') return undefined;
  const purl = found.purl ?? packageUrlOf(type, name, version, found.qualifiers);
  return {
    purl: purl.length > limits.purl ? packageUrlOf(type, name, version).slice(0, limits.purl) : purl,
    type,
    name,
    version,
    licences: licencesOf(found.licences ?? []),
    location: `${reading.path}${found.within === undefined ? '' : `!/${found.within}`}`.slice(0, limits.location),
    files: (found.files ?? []).filter((path) => path.length <= limits.location).slice(0, limits.files),
    evidence: found.evidence ?? extractor.evidence,
    ...(extractor.name === type ? {} : { foundBy: extractor.name }),
    ...(reading.layer === undefined ? {} : { layer: reading.layer }),
    ...(owner === undefined ? {} : { owner }),
    ...(found.scope === undefined ? {} : { scope: found.scope }),
    ...(found.isDirect === undefined ? {} : { isDirect: found.isDirect }),
    ...(found.cpes === undefined
      ? {}
      : { cpes: found.cpes.slice(0, limits.cpes).map((parts) => cpeOf({ version, ...parts })) }),
    ...(found.commit === undefined || found.commit === '' ? {} : { commit: found.commit.slice(0, 128) }),
  };
};

const licencesOf = (licences: readonly string[]): string[] => [
  ...new Set(
    licences
      .map((licence) => licence.trim().slice(0, limits.licence))
      .filter((licence) => licence !== '')
      .slice(0, limits.licences),
  ),
];
