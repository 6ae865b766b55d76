import type { FoundPackage } from '../extractor.ts';
import { commitOf } from '../repository-url.ts';

type Block = { readonly header: string; readonly fields: ReadonlyMap<string, string> };

/**
 * The packages of a lock file. Both formats are blocks: a line of `name@range` patterns, then indented fields, `key value` in
 * version 1 and `key: value` in Berry. Reading them line by line takes no more memory than the text.
 */
export const parseYarnLock = (text: string): FoundPackage[] =>
  blocksOf(text).flatMap((block) => packageOf(block) ?? []);

const fieldNames = new Set(['version', 'resolved', 'resolution', 'linkType']);

const blocksOf = (text: string): Block[] => {
  const blocks: Block[] = [];
  let fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith(' ') && line.endsWith(':')) {
      fields = new Map();
      blocks.push({ header: line.slice(0, -1), fields });
      continue;
    }
    const [, key = '', value = ''] = /^ {2}"?([A-Za-z]+)"?:? (.+)$/.exec(line) ?? [];
    if (fieldNames.has(key)) fields.set(key, unquoted(value));
  }
  return blocks;
};

const unquoted = (text: string): string => text.trim().replace(/^"(.*)"$/, '$1');

const packageOf = ({ header, fields }: Block): FoundPackage | undefined => {
  if (header === '__metadata') return undefined;
  const resolution = fields.get('resolution');
  const resolved = fields.get('resolved') ?? resolution ?? '';
  const name = nameOf(resolution ?? unquoted(header.split(/,\s*/, 1)[0] ?? ''));
  if (name === undefined || /@(?:workspace|link|portal):/.test(resolution ?? '')) return undefined;
  const version = fields.get('version') ?? '';
  return { name, version, ...(isRepository(resolved) ? commitOf(resolved) : {}) };
};

/** Addresses of archives end with a checksum in the place of a commit. */
const isRepository = (address: string): boolean => /git[+:@]|\.git#|^git|codeload\.github\.com|commit=/.test(address);

/** `name@range`, `@scope/name@range`, and `alias@npm:name@range`, whose package is the second name. */
const nameOf = (pattern: string): string | undefined => {
  const aliased = /^(?:@[^@/]+\/)?[^@]+@npm:((?:@[^@/]+\/)?[^@/]+)@/.exec(pattern)?.[1];
  return aliased ?? /^((?:@[^@/]+\/)?[^@]+)(?:@|$)/.exec(pattern)?.[1];
};
