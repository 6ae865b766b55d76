import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { type Package, Sbom } from '@parapet/contract/sbom';
import { fail, ok, type Problem, parseJson, problem, type Result, storableText } from '@parapet/core';
import { normalisePath } from '../risk/file-path.ts';
import { filesOf, joinCopies } from './package-copies.ts';

/** An SBOM larger than this is refused; that of a host with 3,000 packages has some 5 MB. */
export const maxSbomBytes = 64 * 1024 * 1024;
/** What an index of PostgreSQL holds in one row, with room to spare. */
const maxKeyBytes = { purl: 1500, name: 512 } as const;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Parses a document as it came from a sensor: whatever a workload wrote into its package database may be in it. */
export const parseSbom = (document: Buffer): Result<Sbom, Problem> => {
  if (document.length > maxSbomBytes) {
    return fail(problem('too-large', `The SBOM has ${document.length} bytes; ${maxSbomBytes} are allowed.`));
  }
  const parsed = parseJson(document.toString('utf8'), Sbom);
  if (!parsed.ok) return parsed;
  return ok(storableSbom(parsed.value));
};

export const compressSbom = (sbom: Sbom): Promise<Buffer> => compress(Buffer.from(JSON.stringify(sbom)));

/** Reads a stored document. Throws for a damaged one. */
export const decompressSbom = async (document: Buffer): Promise<Sbom> =>
  Sbom.parse(JSON.parse((await decompress(document, { maxOutputLength: 2 * maxSbomBytes })).toString('utf8')));

/** Equal for equal content, whoever reports it and when. */
export const contentHashOf = (sbom: Sbom): string => {
  const { id = '', versionId = '' } = sbom.distribution ?? {};
  const purls = sbom.packages.map((item) => item.purl).toSorted();
  return createHash('sha256')
    .update(JSON.stringify([id, versionId, purls]))
    .digest('hex');
};

/** The package URL without its version. */
export const packageKeyOf = (purl: string): string => purl.replace(/@[^?#]*/, '');

/** Cleans text, leaves out what cannot be a key (saying so), and makes the copies of one package URL one package. */
const storableSbom = (sbom: Sbom): Sbom => {
  const packages = new Map<string, Package>();
  let refused = 0;
  for (const item of sbom.packages) {
    const clean = storablePackage(item);
    if (Buffer.byteLength(clean.purl) > maxKeyBytes.purl || Buffer.byteLength(clean.name) > maxKeyBytes.name)
      refused += 1;
    else packages.set(clean.purl, joinCopies(packages.get(clean.purl), clean));
  }
  const note: Sbom['problems'][number] = {
    code: 'overlong-name',
    message: `${refused} packages have a name too long to keep.`,
  };
  const problems = refused === 0 ? sbom.problems : [...sbom.problems.slice(0, 999), note];
  return {
    ...sbom,
    status: refused > 0 && sbom.status === 'succeeded' ? 'partial' : sbom.status,
    target: { ...sbom.target, name: storableText(sbom.target.name) },
    distribution: sbom.distribution && {
      id: storableText(sbom.distribution.id),
      versionId: storableText(sbom.distribution.versionId),
      name: storableText(sbom.distribution.name),
      versionCodename: sbom.distribution.versionCodename && storableText(sbom.distribution.versionCodename),
    },
    packages: [...packages.values()],
    problems: problems.map((entry) => ({
      code: storableText(entry.code),
      message: storableText(entry.message),
      at: entry.at && storableText(entry.at),
    })),
  };
};

const storablePackage = (item: Package): Package => ({
  purl: storableText(item.purl),
  type: storableText(item.type),
  name: storableText(item.name),
  version: storableText(item.version),
  architecture: item.architecture && storableText(item.architecture),
  source: item.source && { name: storableText(item.source.name), version: storableText(item.source.version) },
  licences: item.licences.map(storableText),
  location: storableText(item.location),
  files: filesOf(item).map((file) => normalisePath(storableText(file))),
  evidence: item.evidence,
  owner: item.owner && storableText(item.owner),
  scope: item.scope,
});
