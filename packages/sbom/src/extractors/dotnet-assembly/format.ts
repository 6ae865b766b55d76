import type { FoundPackage } from '../extractor.ts';

/**
 * The texts of a version resource (VS_VERSIONINFO): blocks of length, length of the value, kind, a key in UTF-16, the value, and
 * blocks in turn. Those without blocks inside are the texts.
 */
export const parseVersionResource = (resource: Buffer): ReadonlyMap<string, string> => {
  const texts = new Map<string, string>();
  readBlocks(resource, 0, resource.length, 0, texts);
  return texts;
};

const maxDepth = 4;
const maxTexts = 1000;

const readBlocks = (bytes: Buffer, start: number, end: number, depth: number, texts: Map<string, string>): void => {
  for (let at = start; at + 6 <= end && texts.size < maxTexts; ) {
    const length = bytes.readUInt16LE(at);
    const valueLength = bytes.readUInt16LE(at + 2);
    const isText = bytes.readUInt16LE(at + 4) === 1;
    if (length < 6 || at + length > end) return;
    const blockEnd = at + length;
    const { text: key, end: keyEnd } = readWide(bytes, at + 6, blockEnd);
    const valueAt = aligned(keyEnd);
    if (isText && valueLength > 0)
      texts.set(key, readWide(bytes, valueAt, Math.min(blockEnd, valueAt + valueLength * 2)).text);
    else if (depth < maxDepth) readBlocks(bytes, aligned(valueAt + valueLength), blockEnd, depth + 1, texts);
    at = aligned(blockEnd);
  }
};

const aligned = (at: number): number => (at + 3) & ~3;

const readWide = (bytes: Buffer, start: number, end: number): { readonly text: string; readonly end: number } => {
  let at = start;
  while (at + 1 < end && bytes.readUInt16LE(at) !== 0) at += 2;
  return { text: bytes.toString('utf16le', start, at), end: at + 2 };
};

/** A package is named like its assembly, nearly always, and has the version of the product, which may end with a commit. */
export const packageOf = (texts: ReadonlyMap<string, string>, fileName: string): FoundPackage | undefined => {
  const stated = texts.get('OriginalFilename') || texts.get('InternalName') || fileName;
  const name = stated.trim().replace(/\.(?:dll|exe)$/i, '');
  const [version = '', commit] = (texts.get('ProductVersion') || texts.get('FileVersion') || '')
    .trim()
    .split(/[\s+]/, 2);
  if (name === '' || !/^\d/.test(version)) return undefined;
  return { name, version, ...(commit !== undefined && /^[0-9a-f]{7,64}$/.test(commit) ? { commit } : {}) };
};
