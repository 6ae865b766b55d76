import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Problem, problem, type Result, type TarSink } from '@parapet/core';
import { identifyMember } from '../sources/registry.ts';
import { type ManifestFile, manifestName, signatureName } from './manifest.ts';
import { MemberRefused, walkMembers } from './members.ts';

/** A file of a bundle after the walk: its true size and checksum, and where it lies if it is one of ours. */
export type StagedMember = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Present for files of sources that we know; others are only checked. */
  readonly source?: { readonly id: string; readonly file: string };
};

export type StagedBundle = {
  readonly members: ReadonlyMap<string, StagedMember>;
  readonly manifest: Buffer;
  readonly signature: Buffer | undefined;
};

const maxManifestBytes = 8 * 1024 * 1024;
const maxSignatureBytes = 4096;
/** All files together, unpacked. */
const maxBundleBytes = 16 * 1024 * 1024 * 1024;

/** The budget of all files together, and what a refusal has to close. */
type Progress = { leftBytes: number; readonly open: Set<number> };

/** Unpacks what we know of a bundle into `folder`, and takes the checksum of everything. */
export const stageBundle = async (
  path: string,
  folder: string,
  signal: AbortSignal,
): Promise<Result<StagedBundle, Problem>> => {
  const members = new Map<string, StagedMember>();
  const small = new Map<string, Buffer>();
  const progress: Progress = { leftBytes: maxBundleBytes, open: new Set() };
  const onMember = (name: string): TarSink => {
    if (members.has(name) || small.has(name)) {
      throw new MemberRefused(problem('bad-member', 'The bundle holds a file twice.', name));
    }
    if (name === manifestName) return keepInMemory(name, maxManifestBytes, small);
    if (name === signatureName) return keepInMemory(name, maxSignatureBytes, small);
    return stageMember(name, folder, members, progress);
  };
  const walked = await walkMembers(path, onMember, signal);
  for (const descriptor of progress.open) closeSync(descriptor);
  if (!walked.ok) return walked;
  const manifest = small.get(manifestName);
  if (manifest === undefined) {
    return fail(problem('no-manifest', `The bundle has no ${manifestName}, so it is no feed bundle.`, path));
  }
  return ok({ members, manifest, signature: small.get(signatureName) });
};

/** Compares what is there with what the manifest says; every file of either must be in both. */
export const compareWithManifest = (
  members: ReadonlyMap<string, StagedMember>,
  files: readonly ManifestFile[],
): Result<void, Problem> => {
  const listed = new Set(files.map(({ path }) => path));
  for (const file of files) {
    const member = members.get(file.path);
    if (member === undefined) {
      return fail(problem('missing-member', 'A file that the manifest lists is not in the bundle.', file.path));
    }
    if (member.sizeBytes !== file.bytes || member.sha256 !== file.sha256) {
      return fail(
        problem('hash-mismatch', 'A file in the bundle does not have the checksum of the manifest.', file.path),
      );
    }
  }
  const extra = [...members.keys()].find((path) => !listed.has(path));
  return extra === undefined
    ? ok(undefined)
    : fail(problem('unlisted-member', 'The bundle holds a file that its manifest does not list.', extra));
};

const keepInMemory = (name: string, maxBytes: number, kept: Map<string, Buffer>): TarSink => {
  const chunks: Buffer[] = [];
  let total = 0;
  return {
    write: (chunk) => {
      total += chunk.length;
      if (total > maxBytes) throw tooLarge(name, maxBytes);
      chunks.push(Buffer.from(chunk));
    },
    end: () => kept.set(name, Buffer.concat(chunks)),
  };
};

const stageMember = (name: string, folder: string, members: Map<string, StagedMember>, progress: Progress): TarSink => {
  const known = identifyMember(name);
  const file = known === undefined ? undefined : join(folder, String(members.size));
  const descriptor = file === undefined ? undefined : openSync(file, 'wx', 0o600);
  if (descriptor !== undefined) progress.open.add(descriptor);
  const maxBytes = known?.source.maxBytes ?? maxBundleBytes;
  const hash = createHash('sha256');
  let sizeBytes = 0;
  return {
    write: (chunk) => {
      sizeBytes += chunk.length;
      progress.leftBytes -= chunk.length;
      if (sizeBytes > maxBytes || progress.leftBytes < 0) throw tooLarge(name, maxBytes);
      hash.update(chunk);
      if (descriptor !== undefined) writeAll(descriptor, chunk);
    },
    end: () => {
      if (descriptor !== undefined) {
        closeSync(descriptor);
        progress.open.delete(descriptor);
      }
      const source = known === undefined || file === undefined ? {} : { source: { id: known.id, file } };
      members.set(name, { path: name, sizeBytes, sha256: hash.digest('hex'), ...source });
    },
  };
};

const writeAll = (descriptor: number, chunk: Buffer): void => {
  let written = 0;
  while (written < chunk.length) written += writeSync(descriptor, chunk, written);
};

const tooLarge = (name: string, maxBytes: number): MemberRefused =>
  new MemberRefused(problem('too-large', `A file in the bundle is larger than ${maxBytes} bytes.`, name));
