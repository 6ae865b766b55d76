import { type BlockReader, checkHeaderBytes, FormatError } from './block-reader.ts';

/** rpm's own format of SUSE, `Packages.db`: a table of slots, then blobs on 16-byte blocks. */
const magic = { database: 'RpmP', slot: 'Slot', blobStart: 'BlbS', blobEnd: 'BlbE' } as const;
const pageBytes = 4096;
const slotBytes = 16;
const blockBytes = 16;
const headerBytes = 32;
const blobHeaderBytes = 16;
const blobTailBytes = 12;

/** The headers in an NDB database. */
export async function* readNdbHeaders(reader: BlockReader): AsyncGenerator<Buffer> {
  const header = await reader.read(0, headerBytes);
  if (magicAt(header, 0) !== magic.database) throw new FormatError('it is no NDB file');
  const version = header.readUInt32LE(4);
  if (version !== 0) throw new FormatError(`its format version is ${version}`);
  const slotsEnd = header.readUInt32LE(12) * pageBytes;
  if (slotsEnd === 0 || slotsEnd > reader.sizeBytes)
    throw new FormatError('its table of slots is longer than the file');
  for (let at = headerBytes; at < slotsEnd; at += slotBytes) {
    const slot = await reader.read(at, slotBytes);
    if (magicAt(slot, 0) !== magic.slot) throw new FormatError(`there is no slot at byte ${at}`);
    const block = slot.readUInt32LE(8);
    if (block !== 0) yield await readBlob(block * blockBytes, slot.readUInt32LE(4), reader);
  }
}

const readBlob = async (at: number, packageIndex: number, reader: BlockReader): Promise<Buffer> => {
  const start = await reader.read(at, blobHeaderBytes);
  if (magicAt(start, 0) !== magic.blobStart || start.readUInt32LE(4) !== packageIndex) {
    throw new FormatError(`there is no entry at byte ${at}`);
  }
  const length = start.readUInt32LE(12);
  checkHeaderBytes(length, reader);
  const padded = Math.ceil((blobHeaderBytes + length + blobTailBytes) / blockBytes) * blockBytes;
  const tail = await reader.read(at + padded - blobTailBytes, blobTailBytes);
  if (magicAt(tail, 8) !== magic.blobEnd || tail.readUInt32LE(4) !== length) {
    throw new FormatError(`the entry at byte ${at} is incomplete`);
  }
  return reader.read(at + blobHeaderBytes, length);
};

const magicAt = (bytes: Buffer, at: number): string => bytes.toString('latin1', at, at + 4);
