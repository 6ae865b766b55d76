import { z } from 'zod';

/**
 * A software bill of materials as Parapet stores and sends it. It is made from a target's own files; CycloneDX and SPDX are
 * written from it.
 */
const text = z.string().max(4096);

export const Distribution = z.object({
  /** `ID` of os-release, e.g. `debian`. */
  id: z.string().max(256),
  /** `VERSION_ID`, e.g. `12`; empty where there is none (rolling). */
  versionId: z.string().max(256),
  versionCodename: z.string().max(256).optional(),
  name: z.string().max(256),
});
export type Distribution = z.infer<typeof Distribution>;

/**
 * How a package is known. `installed`: its files are there. `locked`: a lock file names this exact version. `declared`: a
 * manifest asks for this version, another one may be resolved. `binary`: it is compiled into a program.
 */
export const PackageEvidence = z.enum(['installed', 'locked', 'declared', 'binary']);
export type PackageEvidence = z.infer<typeof PackageEvidence>;

export const Package = z.object({
  /** Package URL, the identity within an SBOM, e.g. `pkg:deb/debian/openssl@3.0.11-1?arch=amd64`. */
  purl: z.string().min(1).max(2048),
  /** What kind of package it is: `dpkg`, `apk`, `rpm` for distributions, else the type of its package URL: `npm`, `pypi`, … */
  type: z.string().max(32),
  name: z.string().min(1).max(1024),
  version: z.string().max(1024),
  architecture: z.string().max(64).optional(),
  /** The source package, which advisories of distributions name. */
  source: z.object({ name: z.string().max(1024), version: z.string().max(1024) }).optional(),
  licences: z.array(z.string().max(1024)).max(64),
  /** Where it was found: the database or manifest. */
  location: text,
  /** Programs and shared libraries it owns, as absolute paths inside the target; the files that can be in use. At most 4,096. */
  files: z.array(text).max(4096),
  /** How it is known; absent in documents of older versions, whose packages are all installed ones. */
  evidence: PackageEvidence.optional(),
  /** The extractor that found it, e.g. `pnpm-lock`; absent where it is the type. */
  foundBy: z.string().max(64).optional(),
  /** The digest of the image layer that holds the location, uncompressed (`sha256:…`). */
  layer: z.string().max(128).optional(),
  /** The package URL of the distribution's package that owns the location: its verdicts count, not those on the language's package. */
  owner: z.string().max(2048).optional(),
  /** What its project needs it for, where a lock file says; absent means to run. */
  scope: z.enum(['dev', 'optional', 'test', 'build']).optional(),
  /** Whether the project itself asks for it, where a lock file says. */
  isDirect: z.boolean().optional(),
  /** The commit of a package that comes from a repository. */
  commit: z.string().max(128).optional(),
  /** CPE 2.3 names, where a package has no other name that vulnerabilities are known by. */
  cpes: z.array(z.string().max(512)).max(8).optional(),
});
export type Package = z.infer<typeof Package>;

export const SbomProblem = z.object({ code: z.string().max(128), message: z.string().max(2048), at: text.optional() });

export const Sbom = z.object({
  format: z.literal('parapet-sbom/1'),
  status: z.enum(['succeeded', 'partial', 'failed']),
  target: z.object({
    kind: z.enum(['host', 'image', 'container', 'directory', 'archive']),
    /** Hostname, image reference, path: for people. */
    name: z.string().max(1024),
    /** Of an image: the digest of its configuration, by which consoles know it. */
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .optional(),
  }),
  /** ISO 8601. */
  createdAt: z.iso.datetime(),
  /** Version of the program that read the target; absent before versions were told. Another version may find more. */
  scanner: z.string().max(64).optional(),
  distribution: Distribution.optional(),
  packages: z.array(Package).max(100_000),
  problems: z.array(SbomProblem).max(1000),
});
export type Sbom = z.infer<typeof Sbom>;
