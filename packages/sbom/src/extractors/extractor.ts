import type { Distribution, Package, PackageEvidence } from '@parapet/contract';
import type { Problem, Result } from '@parapet/core';
import type { CpeParts } from '../cpe.ts';
import type { FileSystem, RandomAccessFile } from '../file-system/file-system.ts';

export type ExtractContext = {
  readonly fileSystem: FileSystem;
  readonly distribution: Distribution | undefined;
  readonly signal: AbortSignal;
  /** Tells that a package owns these files, so that what a walk found in them is known to be the distribution's. */
  readonly claim: (purl: string, paths: Iterable<string>) => void;
};

/** What an extractor found. Problems do not undo what was found beside them. */
export type Extraction = { readonly packages: readonly Package[]; readonly problems: readonly Problem[] };

/**
 * Finds the packages of a distribution's package manager, in its database at fixed places. It declares which files it needs
 * as data, so that a stream (an image archive) can keep just those, and it throws only when the signal aborts.
 */
export type DatabaseExtractor = {
  /** The folder's name, and the `type` of its packages. */
  readonly name: string;
  /** What it reads, for people. */
  readonly reads: readonly string[];
  /** Whether it may ask for this canonical path. Cheap: it is called for every entry of an image. */
  readonly wanted: (path: string) => boolean;
  readonly extract: (context: ExtractContext) => Promise<Extraction>;
};

/** Which files an extractor reads. Names come first because they are looked up in a table for every file there is. */
export type FileWish = {
  /** Whole names of files, e.g. `package-lock.json`. */
  readonly names?: readonly string[];
  /** What stands before the first hyphen of a name, e.g. `vmlinuz` of `vmlinuz-6.1.0`. */
  readonly prefixes?: readonly string[];
  /** Endings after the last dot, in lower case, e.g. `jar`. */
  readonly extensions?: readonly string[];
  /** Of those named above, only paths for which this is true. */
  readonly accepts?: (path: string) => boolean;
  /** Programs and libraries whose first 64 bytes (or fewer, in a shorter file) this accepts, by their name too if need be. */
  readonly program?: (head: Buffer, name: string) => boolean;
};

/** A file that a walk came by. Content is read on demand, with the extractor's limit. */
export type FoundFile = {
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  /** The path's folder, `/` for the root. */
  readonly folder: string;
  readonly sizeBytes: number;
  readonly bytes: () => Promise<Result<Buffer>>;
  /** As UTF-8, without a byte order mark; what is not UTF-8 becomes U+FFFD. */
  readonly text: () => Promise<Result<string>>;
  readonly open: () => Promise<Result<RandomAccessFile>>;
};

export type FileContext = {
  readonly fileSystem: FileSystem;
  readonly signal: AbortSignal;
};

/** A package as a file tells it; what is the same for all packages of an extractor is filled in from the extractor. */
export type FoundPackage = {
  /** As advisories name it: `@scope/name`, `group:artifact`, a module's path. */
  readonly name: string;
  /** Empty where the file does not say. */
  readonly version: string;
  readonly licences?: readonly string[];
  readonly scope?: Package['scope'];
  readonly isDirect?: boolean;
  readonly commit?: string;
  /** The type of the package URL, where it is not the extractor's. */
  readonly type?: string;
  readonly evidence?: PackageEvidence;
  /** Qualifiers of the package URL. */
  readonly qualifiers?: Readonly<Record<string, string | undefined>>;
  /** The names by which vulnerabilities know it, where its package URL is none that advisories know. At most 8. */
  readonly cpes?: readonly CpeParts[];
  /** Its package URL, where the file says it whole; else it is made of type, name, version and qualifiers. */
  readonly purl?: string;
  /** Where in the file, e.g. the path of an archive inside an archive. */
  readonly within?: string;
  /** Files by which a process shows that it uses the package. */
  readonly files?: readonly string[];
};

export type FileExtraction = { readonly packages: readonly FoundPackage[]; readonly problems?: readonly Problem[] };

/**
 * Finds the packages that one file tells of: a manifest, a lock file, an archive, a program. It may throw for a broken file
 * (`FormatError` with a sentence); that is a problem of this file alone.
 */
export type FileExtractor = {
  /** The folder's name, e.g. `pnpm-lock`. */
  readonly name: string;
  /** The type of its package URLs, e.g. `npm`. */
  readonly type: string;
  readonly evidence: PackageEvidence;
  /** What it reads, for people. */
  readonly reads: readonly string[];
  readonly wish: FileWish;
  /** Of one file; a larger one is a problem. */
  readonly maxBytes: number;
  /** It asks for other files of the target; those that it may ask for must be wished for by some extractor. */
  readonly needsNeighbours?: boolean;
  /** What it finds in a file of a distribution's package is that package itself, and is left out. */
  readonly onlyUnowned?: boolean;
  /** Its files are somebody's output on a host or in a project, and only in an image say what is there. */
  readonly onlyInImages?: boolean;
  readonly extract: (file: FoundFile, context: FileContext) => Promise<FileExtraction>;
};

/** A file that does not follow its format. The message completes the sentence "The file could not be read: …". */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** Lock files and manifests. The largest known ones have 20 MB; parsed, text takes some ten times its size. */
export const maxTextBytes = 24 * 1024 * 1024;
