import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import {
  createTarReader,
  messageOf,
  type Problem,
  problem,
  TarError,
  type TarHeader,
  type TarReader,
  type TarSink,
} from '@parapet/core';
import type { StreamChoice } from '../extractors/registry.ts';
import type { MemoryNode } from '../file-system/memory.ts';
import { normalisePath } from '../file-system/path.ts';
import type { FileReading } from '../walk/read-file.ts';
import { createPassingReader, type PassingFile } from './read-passing.ts';

export type MergeLimits = {
  /** Entries of all layers together. */
  readonly maxEntries: number;
  /** Of one kept file. */
  readonly maxFileBytes: number;
  /** Of all kept files at once; what does not fit is a problem. */
  readonly maxKeptBytes: number;
  /** Unpacked bytes of a layer for each packed one, past the first 64 MiB: zeros compress a thousandfold, software does not. */
  readonly maxRatio: number;
};

export const defaultMergeLimits: MergeLimits = {
  maxEntries: 10_000_000,
  maxFileBytes: 128 * 1024 * 1024,
  maxKeptBytes: 144 * 1024 * 1024,
  maxRatio: 200,
};

/** What is kept of an image, by canonical path. */
export type Wanted = {
  readonly file: (
    path: string,
    name: string,
    file: { readonly sizeBytes: number; readonly isExecutable: boolean },
  ) => StreamChoice | undefined;
  /** Links that lead to wanted files, or that tell how the target's folders are laid out. */
  readonly link: (path: string) => boolean;
};

export type LayerMerger = {
  /** Streams the next higher layer, plain, gzip or zstd. */
  readonly add: (layer: Readable, from: LayerName, signal: AbortSignal) => Promise<void>;
  readonly nodes: ReadonlyMap<string, MemoryNode>;
  readonly problems: readonly Problem[];
};

/** The blob's name, for messages, and the digest of its uncompressed content. */
export type LayerName = { readonly blob: string; readonly diffId: string | undefined };

/**
 * Merges image layers from the lowest to the highest and keeps only the wanted files and the links on the way to them. A
 * deletion (`.wh.name`), an opaque folder (`.wh..wh..opq`) and a file in place of a folder take away what lower layers had.
 */
export const createLayerMerger = (wanted: Wanted, limits: MergeLimits = defaultMergeLimits): LayerMerger => {
  const kept = createKeptNodes(limits);
  const problems: Problem[] = [];
  const add = (found: Problem): void => {
    if (problems.length < maxProblems) problems.push(found);
  };
  const report = (code: string, message: string, at: string): void => add(problem(code, message, at));
  const passing = createPassingReader(add);
  let entriesLeft = limits.maxEntries;
  let layerDigest: string | undefined;

  const readFile = (path: string, header: TarHeader, choice: PassingFile['choice']): TarSink => {
    const layer = layerDigest;
    let readings: readonly FileReading[] = [];
    const { isExecutable } = header;
    const node: MemoryNode = {
      kind: 'file',
      content: noContent,
      isExecutable,
      get passed() {
        return readings;
      },
    };
    kept.set(path, node);
    return passing.sinkFor({ path, sizeBytes: header.sizeBytes, layer, choice }, (found) => {
      readings = found;
      if (found.length === 0 && kept.nodes.get(path) === node) kept.forget(path);
    });
  };

  const keepFile = (path: string, header: TarHeader): TarSink | undefined => {
    if (header.sizeBytes > limits.maxFileBytes || !kept.fits(header.sizeBytes)) {
      report(
        'too-large',
        `The file has ${header.sizeBytes} bytes, more than is kept of an image; it is left out.`,
        path,
      );
      return undefined;
    }
    const layer = layerDigest;
    const content = Buffer.allocUnsafeSlow(header.sizeBytes);
    let filled = 0;
    return {
      write: (chunk) => {
        chunk.copy(content, filled);
        filled += chunk.length;
      },
      end: () =>
        kept.set(path, {
          kind: 'file',
          content,
          isExecutable: header.isExecutable,
          ...(layer === undefined ? {} : { layer }),
        }),
    };
  };

  const onEntry = (header: TarHeader): TarSink | undefined => {
    const path = normalisePath(header.path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const folder = path.slice(0, path.length - name.length - 1);
    if (name === '.wh..wh..opq') kept.removeBelow(folder);
    else if (name.startsWith('.wh.')) kept.remove(`${folder}/${name.slice(4)}`);
    else if (header.kind !== 'directory') {
      kept.remove(path);
      return keep(path, name, header);
    } else kept.replaceByFolder(path);
    return undefined;
  };

  const keep = (path: string, name: string, header: TarHeader): TarSink | undefined => {
    if (header.kind === 'symlink') {
      if (wanted.link(path)) kept.set(path, { kind: 'symlink', target: header.linkTarget });
      return undefined;
    }
    const linked = header.kind === 'hard-link' ? kept.nodes.get(normalisePath(header.linkTarget)) : undefined;
    if (linked !== undefined) kept.set(path, linked);
    if (linked !== undefined || header.kind === 'other') return undefined;
    const choice = wanted.file(path, name, header);
    if (choice === undefined) return undefined;
    if (header.kind === 'file' && choice.kind !== 'keep') {
      if (kept.fits(0)) return readFile(path, header, choice);
      report('too-many', 'The image has more files with packages than are kept; this one is left out.', path);
      return undefined;
    }
    if (header.kind === 'file') return keepFile(path, header);
    if (header.kind === 'hard-link' && choice.kind === 'keep') {
      report('unresolved-link', 'A hard link leads to a file that is not kept; it is left out.', path);
    }
    return undefined;
  };

  return {
    nodes: kept.nodes,
    problems,
    add: async (layer, { blob, diffId }, signal) => {
      kept.nextLayer();
      layerDigest = diffId;
      const reader = createTarReader({
        maxEntries: entriesLeft,
        onEntry: (header) => {
          entriesLeft -= 1;
          return onEntry(header);
        },
      });
      try {
        await unpack(layer, reader, limits.maxRatio, signal, () => passing.settle(signal));
      } catch (error) {
        passing.abandon();
        signal.throwIfAborted();
        const code = error instanceof TarError ? error.code : 'broken-layer';
        report(code, `The layer could not be read to its end: ${messageOf(error)}`, blob);
      }
    },
  };
};

const maxProblems = 1000;
const noContent = Buffer.alloc(0);
/** Compressed layers with little in them may have any ratio. */
const ratioFreeBytes = 64 * 1024 * 1024;

type KeptNodes = {
  readonly nodes: ReadonlyMap<string, MemoryNode>;
  readonly fits: (sizeBytes: number) => boolean;
  readonly set: (path: string, node: MemoryNode) => void;
  /** Takes away a file in which nothing was found. */
  readonly forget: (path: string) => void;
  /** What is there from now on lies in a lower layer. */
  readonly nextLayer: () => void;
  /** Takes away a path and what is below it, as far as lower layers put it there. */
  readonly remove: (path: string) => void;
  readonly removeBelow: (folder: string) => void;
  /** A folder hides a lower link or file of the same name, and joins a lower folder. */
  readonly replaceByFolder: (path: string) => void;
};

/** As many small files as any image has of the wanted ones; each costs some hundred bytes. */
const maxNodes = 300_000;

const createKeptNodes = (limits: MergeLimits): KeptNodes => {
  const nodes = new Map<string, MemoryNode>();
  const layerOf = new Map<string, number>();
  const countBelow = new Map<string, number>();
  const cleaned = new Set<string>();
  let bytes = 0;
  let layer = 0;

  const count = (path: string, change: number): void => {
    for (let slash = path.lastIndexOf('/'); slash >= 0; slash = slash === 0 ? -1 : path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash);
      const left = (countBelow.get(folder) ?? 0) + change;
      if (left > 0) countBelow.set(folder, left);
      else countBelow.delete(folder);
    }
  };
  const drop = (path: string): void => {
    const node = nodes.get(path);
    if (node === undefined) return;
    if (node.kind === 'file') bytes -= node.content.length;
    nodes.delete(path);
    layerOf.delete(path);
    count(path, -1);
  };
  const dropLower = (path: string): void => {
    if ((layerOf.get(path) ?? layer) < layer) drop(path);
  };
  // Once for a folder and layer is enough, and keeps an archive of a million whiteouts cheap.
  const removeBelow = (folder: string): void => {
    if (!countBelow.has(folder) || cleaned.has(folder)) return;
    cleaned.add(folder);
    for (const path of [...nodes.keys()]) if (path.startsWith(`${folder}/`)) dropLower(path);
  };
  return {
    nodes,
    fits: (sizeBytes) => bytes + sizeBytes <= limits.maxKeptBytes && nodes.size < maxNodes,
    set: (path, node) => {
      if (nodes.size >= maxNodes) return;
      drop(path);
      if (node.kind === 'file') bytes += node.content.length;
      nodes.set(path, node);
      layerOf.set(path, layer);
      count(path, 1);
    },
    forget: drop,
    nextLayer: () => {
      layer += 1;
      cleaned.clear();
    },
    remove: (path) => {
      dropLower(path);
      removeBelow(path);
    },
    removeBelow,
    replaceByFolder: dropLower,
  };
};

/** Pushes an unpacked layer into the reader, up to the allowed ratio. */
const unpack = async (
  layer: Readable,
  reader: TarReader,
  maxRatio: number,
  signal: AbortSignal,
  settle: () => Promise<void>,
): Promise<void> => {
  let packedBytes = 0;
  const chunks: AsyncIterator<Buffer> = layer[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) throw new TarError('broken-archive', 'the layer is empty');
  const packed = async function* (): AsyncGenerator<Buffer> {
    for (let next: IteratorResult<Buffer> = first; next.done !== true; next = await chunks.next()) {
      packedBytes += next.value.length;
      yield next.value;
    }
  };
  const feed = async (unpacked: AsyncIterable<Buffer>): Promise<void> => {
    let bytes = 0;
    for await (const chunk of unpacked) {
      bytes += chunk.length;
      if (bytes > ratioFreeBytes && bytes > packedBytes * maxRatio) {
        throw new TarError('too-large', `it unpacks to more than ${maxRatio} times its size`);
      }
      reader.write(chunk);
      await settle();
    }
    reader.finish();
  };
  const source = Readable.from(packed());
  const decompress = decompressorFor(first.value);
  await (decompress === undefined
    ? pipeline(source, feed, { signal })
    : pipeline(source, decompress, feed, { signal }));
};

const decompressorFor = (
  head: Buffer,
): ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress> | undefined => {
  if (head.length < 4) return undefined;
  if (head.readUInt16BE(0) === 0x1f8b) return createGunzip();
  return head.readUInt32BE(0) === 0x28b52ffd ? createZstdDecompress() : undefined;
};
