import type { RandomAccessFile } from '../../file-system/file-system.ts';
import { type PeProgram, readPe } from '../../program/pe.ts';
import { isProgramHead, readAddress } from '../../program/sections.ts';
import type { FileExtraction, FoundFile } from '../extractor.ts';
import { packageOf, parseVersionResource } from './format.ts';

const resources = 2;
const managedCode = 14;
const versionType = 16;
const maxResourceBytes = 256 * 1024;

/** A library of Windows that is not of .NET has no packages here. */
export const extractDotnetAssembly = async (file: FoundFile): Promise<FileExtraction> => {
  const opened = await file.open();
  if (!opened.ok) return { packages: [], problems: [opened.error] };
  await using content = opened.value;
  // Projects have samples and scripts of these names, which nobody could load.
  if (!isProgramHead(await content.read(0, 64))) return { packages: [] };
  const program = await readPe(content);
  if ((program.directories[managedCode]?.sizeBytes ?? 0) === 0) return { packages: [] };
  const found = packageOf(parseVersionResource(await versionResource(content, program)), file.name);
  return { packages: found === undefined ? [] : [{ ...found, files: [file.path] }] };
};

/** Resources are a tree of type, name and language; of each, the first is taken. */
const versionResource = async (file: RandomAccessFile, program: PeProgram): Promise<Buffer> => {
  const base = program.directories[resources]?.address ?? 0;
  const read = (offset: number, length: number): Promise<Buffer> => readAddress(file, program, base + offset, length);
  let offset = 0;
  for (let level = 0; level < 3; level += 1) {
    const head = await read(offset, 16);
    if (head.length < 16) return Buffer.alloc(0);
    const count = head.readUInt16LE(12) + head.readUInt16LE(14);
    const entries = await read(offset + 16, Math.min(count, 256) * 8);
    const next = findEntry(entries, level === 0 ? versionType : undefined);
    if (next === undefined) return Buffer.alloc(0);
    offset = next & 0x7fffffff;
  }
  const entry = await read(offset, 16);
  if (entry.length < 16) return Buffer.alloc(0);
  const address = program.imageBase + entry.readUInt32LE(0);
  return readAddress(file, program, address, Math.min(entry.readUInt32LE(4), maxResourceBytes));
};

const findEntry = (entries: Buffer, id: number | undefined): number | undefined => {
  for (let at = 0; at + 8 <= entries.length; at += 8) {
    if (id === undefined || entries.readUInt32LE(at) === id) return entries.readUInt32LE(at + 4);
  }
  return undefined;
};
