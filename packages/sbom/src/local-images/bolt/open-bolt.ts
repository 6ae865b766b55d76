import { type FileHandle, open } from 'node:fs/promises';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import { type LeafEntry, type Meta, overflowOf, type Page, pageHeaderBytes, parseMeta, parsePage } from './format.ts';

/** A bucket of keys, some of which are buckets themselves. */
export type Bucket = {
  readonly get: (key: string) => Promise<Buffer | undefined>;
  readonly bucket: (key: string) => Promise<Bucket | undefined>;
  /** The names of the buckets in it, at most {@link maxNames}. */
  readonly bucketNames: () => Promise<readonly string[]>;
  /** What is in it beside buckets, at most {@link maxNames}. */
  readonly values: () => Promise<ReadonlyMap<string, Buffer>>;
};

/** A node has some thousand images and snapshots; namespaces are a handful. */
const maxNames = 10_000;
const maxPages = 2000;
const maxPageBytes = 16 * 1024 * 1024;
const maxDepth = 64;
const attempts = 5;
/** The upper pages of a tree, which every question goes through. */
const keptPages = 256;

/**
 * Asks a bolt database while its owner may write to it: nothing is locked, since the lock would hold up containerd. A page is
 * only used anew two transactions after the one that we began with; when that has happened the answer is thrown away and asked
 * for again. Fails with `unreadable` or `broken-database`.
 */
export const askBolt = async <T>(path: string, ask: (root: Bucket) => Promise<T>): Promise<Result<T, Problem>> => {
  try {
    await using file = await open(path, 'r');
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const before = await readMeta(file);
      if (before === undefined) return broken(path, 'it has no valid header');
      const answer = await ask(bucketAt(createPages(file, before), before.rootPage)).then(ok, (error: unknown) =>
        broken(path, messageOf(error)),
      );
      const after = await readMeta(file);
      if (after !== undefined && after.transaction - before.transaction < 2n) return answer;
    }
    return broken(path, 'it changes faster than it can be read');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reason = code === 'EACCES' ? 'only root may' : messageOf(error);
    return fail(problem(code === 'ENOENT' ? 'not-found' : 'unreadable', `It could not be read: ${reason}.`, path));
  }
};

const broken = (path: string, why: string): Result<never, Problem> =>
  fail(problem('broken-database', `The database could not be read: ${why}.`, path));

/** The newer of the two headers that is whole. The second lies one page further, whose size only a header tells. */
const readMeta = async (file: FileHandle): Promise<Meta | undefined> => {
  const first = parseMeta(await readAt(file, 0, 128));
  const sizes = first === undefined ? [4096, 1024, 2048, 8192, 16_384, 32_768, 65_536] : [first.pageBytes];
  for (const size of sizes) {
    const second = parseMeta(await readAt(file, size, 128));
    if (second !== undefined && (first === undefined || second.transaction > first.transaction)) return second;
  }
  return first;
};

const readAt = async (file: FileHandle, at: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
};

type Pages = (number: bigint) => Promise<Page>;

const createPages = (file: FileHandle, { pageBytes }: Meta): Pages => {
  const kept = new Map<bigint, Page>();
  const read = async (number: bigint): Promise<Page> => {
    const at = Number(number) * pageBytes;
    if (!Number.isSafeInteger(at)) throw new Error('a page lies beyond all files');
    const first = await readAt(file, at, pageBytes);
    if (first.length < pageHeaderBytes) throw new Error('a page lies beyond its end');
    const length = (overflowOf(first) + 1) * pageBytes;
    if (length > maxPageBytes) throw new Error(`a page is larger than ${maxPageBytes} bytes`);
    const page = parsePage(length === pageBytes ? first : await readAt(file, at, length));
    if (page === undefined) throw new Error('a page is broken');
    if (length === pageBytes && kept.size < keptPages) kept.set(number, page);
    return page;
  };
  return async (number) => kept.get(number) ?? read(number);
};

const bucketAt = (pages: Pages, rootPage: bigint): Bucket => bucketOf(pages, () => pages(rootPage));

const bucketOf = (pages: Pages, root: () => Promise<Page>): Bucket => {
  const find = async (key: string): Promise<LeafEntry | undefined> => {
    const wanted = Buffer.from(key);
    let page = await root();
    for (let depth = 0; page.kind === 'branch'; depth += 1) {
      const child = page.children.findLast(({ key: least }) => Buffer.compare(least, wanted) <= 0);
      if (child === undefined) return undefined;
      if (depth >= maxDepth) throw new Error('its tree is too deep');
      page = await pages(child.page);
    }
    return page.entries.find((entry) => entry.key.equals(wanted));
  };
  const all = async (): Promise<readonly LeafEntry[]> => {
    const entries: LeafEntry[] = [];
    const waiting = [root];
    let pagesLeft = maxPages;
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const page = await next();
      if (page.kind === 'leaf') for (const entry of page.entries) entries.push(entry);
      else waiting.push(...page.children.toReversed().map((child) => () => pages(child.page)));
      pagesLeft -= 1;
      if (entries.length > maxNames || pagesLeft <= 0)
        throw new Error(`it has more than ${maxNames} names in one bucket, or its pages lead in a circle`);
    }
    return entries;
  };
  return {
    get: async (key) => {
      const found = await find(key);
      return found?.isBucket === false ? found.value : undefined;
    },
    bucket: async (key) => {
      const found = await find(key);
      return found?.isBucket === true ? nested(pages, found.value) : undefined;
    },
    bucketNames: async () => {
      const entries = await all();
      return entries.filter(({ isBucket }) => isBucket).map(({ key }) => key.toString('utf8'));
    },
    values: async () => {
      const entries = await all();
      return new Map(
        entries.filter(({ isBucket }) => !isBucket).map(({ key, value }) => [key.toString('utf8'), value]),
      );
    },
  };
};

/** A small bucket lies within its parent's page, behind 16 bytes that otherwise say where it begins. */
const nested = (pages: Pages, value: Buffer): Bucket | undefined => {
  if (value.length < 16) return undefined;
  const root = value.readBigUInt64LE(0);
  if (root !== 0n) return bucketAt(pages, root);
  const page = parsePage(value.subarray(16));
  return page === undefined ? undefined : bucketOf(pages, async () => page);
};
