import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AppError,
  fail,
  messageOf,
  ok,
  type Problem,
  parseJson,
  problem,
  type Result,
  readStreamBounded,
} from '@parapet/core';
import { z } from 'zod';
import type { BlobStore } from '../image/archive-index.ts';
import { type OpenedImage, type OpenImageOptions, openImageOf } from '../image/open-image-archive.ts';
import { bodyOf, createRegistryClient, type RegistryClient, type RegistryClientDeps } from './client.ts';
import type { ImageReference } from './reference.ts';

export type OpenRegistryImageOptions = OpenImageOptions &
  Omit<RegistryClientDeps, 'signal'> & { readonly signal: AbortSignal };

/**
 * Opens an image of a registry. Manifests, configuration and layers have to have the digests that name them; layers are streamed
 * and taken up again where a connection broke. A layer that cannot be had fails the whole: part of an image is no answer.
 * Throws AppError for what the registry refuses.
 */
export const openRegistryImage = async (options: OpenRegistryImageOptions): Promise<Result<OpenedImage, Problem>> => {
  const { reference } = options;
  const store = createRegistryStore(createRegistryClient(options), reference, options.signal);
  const name = `${reference.host}/${reference.repository}`;
  const opened = await openImageOf(store, name, options);
  if (!opened.ok) return opened;
  const failure = store.failure() ?? unread(store.unverified(), opened.value);
  return failure === undefined
    ? opened
    : fail(problem('broken-layer', `A layer of ${name} could not be read: ${failure}`));
};

/** What was left before its end without a word was never compared with its digest. */
const unread = (digests: ReadonlySet<string>, { problems }: OpenedImage): string | undefined => {
  const told = new Set(problems.map(({ at }) => digestIn(at ?? '')));
  const [first] = [...digests].filter((digest) => !told.has(digest));
  return first === undefined ? undefined : mismatch(first).message;
};

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const Listing = z.object({ manifests: z.array(z.object({ digest: z.string() })).max(1000) });

type RegistryStore = BlobStore & {
  /** Why a layer could not be had. */
  readonly failure: () => string | undefined;
  /** Layers that were not read to their end. */
  readonly unverified: () => ReadonlySet<string>;
};

/** The registry as an OCI layout: its top manifest is the only entry of an index. */
const createRegistryStore = (client: RegistryClient, reference: ImageReference, signal: AbortSignal): RegistryStore => {
  /** Digests that an index names are manifests, which have an address of their own. */
  const manifests = new Set<string>();
  let last: { readonly digest: string; readonly content: Buffer } | undefined;
  const unverified = new Set<string>();
  let failure: string | undefined;

  const layer = async function* (digest: string): AsyncGenerator<Buffer> {
    unverified.add(digest);
    try {
      yield* streamBlob(client, digest, signal);
      unverified.delete(digest);
    } catch (error) {
      failure ??= messageOf(error);
      throw error;
    }
  };

  const manifest = async (name: string, maxBytes: number): Promise<Result<Buffer, Problem>> => {
    if (last?.digest === name) return ok(last.content);
    const response = await client.get(`manifests/${name}`, { accept: manifestTypes });
    const content = await readStreamBounded(bodyOf(response), maxBytes);
    if (!content.ok) return content;
    const digest = digestOf(content.value);
    if (name.startsWith('sha256:') && digest !== name) return fail(mismatch(name));
    last = { digest, content: content.value };
    const listing = parseJson(content.value.toString('utf8'), Listing);
    if (listing.ok) for (const entry of listing.value.manifests) manifests.add(entry.digest);
    return content;
  };

  return {
    failure: () => failure,
    unverified: () => unverified,
    read: async (name, maxBytes) => {
      if (name === 'index.json') {
        const top = await manifest(reference.digest ?? reference.tag, maxBytes);
        if (!top.ok) return top;
        const digest = digestOf(top.value);
        manifests.add(digest);
        return ok(Buffer.from(JSON.stringify({ manifests: [{ digest }] })));
      }
      const digest = digestIn(name);
      if (digest === undefined) return fail(problem('missing-blob', 'The registry has no such file.', name));
      if (manifests.has(digest)) return manifest(digest, maxBytes);
      const response = await client.get(`blobs/${digest}`);
      const content = await readStreamBounded(bodyOf(response), maxBytes);
      return content.ok && digestOf(content.value) !== digest ? fail(mismatch(digest)) : content;
    },
    stream: async (name) => {
      const digest = digestIn(name);
      return digest === undefined
        ? undefined
        : Readable.from(layer(digest), { objectMode: false, highWaterMark: 256 * 1024 });
    },
    [Symbol.asyncDispose]: async () => {},
  };
};

const maxResumes = 5;

/** Streams a blob and checks its digest; a broken connection is taken up where it broke. */
async function* streamBlob(client: RegistryClient, digest: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let at = 0;
  for (let resumes = 0; ; resumes += 1) {
    const response = await client.get(`blobs/${digest}`, at === 0 ? {} : { range: `bytes=${at}-` });
    // A registry without ranges sends it all again: what was read before is passed over.
    let passOver = response.status === 206 ? 0 : at;
    try {
      for await (const chunk of bodyOf(response)) {
        const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).subarray(passOver);
        passOver -= chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        at += fresh.length;
        hash.update(fresh);
        yield fresh;
      }
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (resumes >= maxResumes)
        throw new AppError('broken-layer', 502, `the connection broke ${maxResumes + 1} times (${messageOf(error)})`);
    }
  }
  if (`sha256:${hash.digest('hex')}` !== digest) throw new AppError('digest-mismatch', 502, mismatch(digest).message);
}

const digestOf = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** Only SHA-256: what cannot be checked is not read. */
const digestIn = (name: string): string | undefined => {
  const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
};

const mismatch = (digest: string): Problem =>
  problem('digest-mismatch', `The registry gave something else than ${digest}; it may have been tampered with.`);
