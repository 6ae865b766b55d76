const blockBytes = 512;

export type TarEntry = {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  /** Permission bits. */
  readonly mode: number;
  readonly sizeBytes: number;
  /** Of a link. */
  readonly target?: string;
};

/**
 * The header block of an entry (POSIX.1-1988 ustar, which every tar reads). Owner root, time zero: the same content makes the
 * same archive. Throws where a path does not fit the format.
 */
export const tarHeader = (entry: TarEntry): Buffer => {
  const { name, prefix } = splitPath(entry.kind === 'folder' ? `${entry.path}/` : entry.path);
  const target = Buffer.from(entry.target ?? '');
  if (target.length > 100) throw new RangeError(`the link target ${entry.target} is too long for a tar archive`);
  const block = Buffer.alloc(blockBytes);
  block.write(name, 0);
  octal(block, 100, 8, entry.mode & 0o7777);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, entry.kind === 'file' ? entry.sizeBytes : 0);
  octal(block, 136, 12, 0);
  block.fill(0x20, 148, 156);
  block.write({ file: '0', link: '2', folder: '5' }[entry.kind], 156);
  target.copy(block, 157);
  block.write('ustar\u000000', 257);
  block.write('root', 265);
  block.write('root', 297);
  octal(block, 329, 8, 0);
  octal(block, 337, 8, 0);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
};

/** What fills the last block of a file. */
export const tarPadding = (sizeBytes: number): Buffer =>
  Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes);

/** What ends an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * blockBytes);

const octal = (block: Buffer, at: number, bytes: number, value: number): void => {
  const text = value.toString(8);
  if (text.length >= bytes) throw new RangeError(`${value} is too large for a tar archive`);
  block.write(`${text.padStart(bytes - 1, '0')}\0`, at);
};

const splitPath = (path: string): { readonly name: string; readonly prefix: string } => {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at !== -1 && at < path.length - 1; at = path.indexOf('/', at + 1)) {
    const prefix = path.slice(0, at);
    const name = path.slice(at + 1);
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { name, prefix };
  }
  throw new RangeError(`the path ${path} is too long for a tar archive`);
};
