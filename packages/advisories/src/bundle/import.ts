import { mkdir } from 'node:fs/promises';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import { buildDatabase, type SourceFile } from '../database/build.ts';
import type { FeedProgress, ImportedFeed } from '../model.ts';
import { createSourceStore, type StoredSource } from '../store/source-store.ts';
import { checkSignature, type ManifestFile, parseManifest, type SignaturePolicy } from './manifest.ts';
import { compareWithManifest, type StagedMember, stageBundle } from './stage.ts';

export type ImportOptions = {
  readonly databaseDir: string;
  readonly signature?: SignaturePolicy;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FeedProgress) => void;
};

/**
 * Imports an offline bundle: a zip, tar, tar.gz or tar.zst of publishers' files with a `MANIFEST.json` of their checksums.
 * Everything is checked before anything changes; a bundle that is broken in any way changes nothing, and the problem says
 * which file and why. Sources that the bundle does not carry keep the data they have. Files that are not about
 * vulnerabilities are checked and left out.
 */
export const importBundle = async (path: string, options: ImportOptions): Promise<Result<ImportedFeed, Problem>> => {
  const signal = options.signal ?? new AbortController().signal;
  const onProgress = options.onProgress ?? (() => {});
  try {
    await mkdir(options.databaseDir, { recursive: true, mode: 0o700 });
    const store = createSourceStore(options.databaseDir);
    await using staging = await store.stage();
    onProgress({ step: 'Checking the bundle', progress: 0 });
    const checked = await checkBundle(path, staging.folder, options.signature, signal);
    if (!checked.ok) return checked;
    const fresh = checked.value;
    const kept = (await store.list()).filter(({ id }) => !fresh.some((source) => source.stored.id === id));
    const built = await buildDatabase({
      files: [...kept.map(store.fileOf), ...fresh.map(({ stored, file }): SourceFile => ({ ...stored, path: file }))],
      databaseDir: options.databaseDir,
      origin: 'bundle',
      onBroken: () => 'give-up',
      signal,
      onProgress: ({ step, progress }) => onProgress({ step, progress: 0.1 + progress * 0.9 }),
    });
    if (!built.ok) return built;
    await store.replace(
      [...kept, ...fresh.map(({ stored }) => stored)],
      new Map(fresh.map(({ stored, file }) => [stored.sha256, file])),
    );
    onProgress({ step: 'Done', progress: 1 });
    return built;
  } catch (error) {
    signal.throwIfAborted();
    return fail(problem('import-failed', `The bundle could not be imported: ${messageOf(error)}`, path));
  }
};

type FreshSource = { readonly stored: StoredSource; readonly file: string };

const checkBundle = async (
  path: string,
  folder: string,
  policy: SignaturePolicy | undefined,
  signal: AbortSignal,
): Promise<Result<readonly FreshSource[], Problem>> => {
  const staged = await stageBundle(path, folder, signal);
  if (!staged.ok) return staged;
  const signed = checkSignature(staged.value.manifest, staged.value.signature, policy);
  if (!signed.ok) return signed;
  const manifest = parseManifest(staged.value.manifest);
  if (!manifest.ok) return manifest;
  const compared = compareWithManifest(staged.value.members, manifest.value.files);
  if (!compared.ok) return compared;
  const fresh = manifest.value.files.flatMap((listed) => freshSource(listed, staged.value.members.get(listed.path)));
  return fresh.length === 0
    ? fail(problem('empty-feed', 'The bundle holds no advisories (osv/<Ecosystem>/all.zip, kev/, epss/).', path))
    : ok(fresh);
};

const freshSource = (listed: ManifestFile, member: StagedMember | undefined): FreshSource[] => {
  if (member?.source === undefined) return [];
  const dataAt = Date.parse(listed.date ?? '');
  return [
    {
      file: member.source.file,
      stored: {
        id: member.source.id,
        sha256: member.sha256,
        sizeBytes: member.sizeBytes,
        fetchedAt: new Date().toISOString(),
        ...(Number.isNaN(dataAt) ? {} : { dataAt: new Date(dataAt).toISOString() }),
        ...(listed.licence === undefined ? {} : { licence: listed.licence }),
      },
    },
  ];
};
