export type TarMember = {
  readonly path: string;
  readonly content?: string | Buffer;
  /** A tar type flag; `0` a file, `1` a hard link, `2` a symlink, `5` a folder. */
  readonly type?: string;
  readonly target?: string;
};

/** Writes a tar archive. */
export const tarOf = (members: readonly TarMember[]): Buffer =>
  Buffer.concat([...members.flatMap(tarMember), Buffer.alloc(1024)]);

/** The blocks of one member. */
export const tarMember = ({ path, content = '', type = '0', target = '' }: TarMember): Buffer[] => {
  const body = Buffer.from(content);
  return [tarHeader(path, body.length, type, target), body, Buffer.alloc((512 - (body.length % 512)) % 512)];
};

const tarHeader = (path: string, sizeBytes: number, type: string, target: string): Buffer => {
  const block = Buffer.alloc(512);
  block.write(path, 0, 100);
  block.write('0000644\0', 100);
  block.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(target, 157, 100);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
};
