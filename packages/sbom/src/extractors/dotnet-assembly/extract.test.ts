import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { peOf } from '../../testing/program.ts';
import { dotnetAssembly } from './index.ts';

const aligned = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

const block = (key: string, value: Buffer, kind: number, inner: readonly Buffer[] = []): Buffer => {
  const head = Buffer.alloc(6);
  const named = aligned(Buffer.concat([head, Buffer.from(`${key}\0`, 'utf16le')]));
  const whole = Buffer.concat([aligned(Buffer.concat([named, value])), ...inner.map(aligned)]);
  whole.writeUInt16LE(whole.length, 0);
  whole.writeUInt16LE(kind === 1 ? value.length / 2 : value.length, 2);
  whole.writeUInt16LE(kind, 4);
  return whole;
};

const assembly = (texts: Readonly<Record<string, string>>, isManaged = true): Buffer => {
  const strings = Object.entries(texts).map(([key, text]) => block(key, Buffer.from(`${text}\0`, 'utf16le'), 1));
  const nothing = Buffer.alloc(0);
  const table = block('StringFileInfo', nothing, 0, [block('040904b0', nothing, 0, strings)]);
  const version = block('VS_VERSION_INFO', Buffer.alloc(52), 0, [table]);
  const tree = Buffer.alloc(88);
  for (const [level, id] of [16, 1, 1033].entries()) {
    tree.writeUInt16LE(1, level * 24 + 14);
    tree.writeUInt32LE(id, level * 24 + 16);
    tree.writeUInt32LE(level === 2 ? 72 : ((level + 1) * 24 + 0x80000000) >>> 0, level * 24 + 20);
  }
  tree.writeUInt32LE(4096 + 88, 72);
  tree.writeUInt32LE(version.length, 76);
  const rsrc = Buffer.concat([tree, version]);
  return peOf({ '.rsrc': rsrc }, { 2: [4096, rsrc.length], ...(isManaged ? { 14: [4096, 72] } : {}) });
};

const texts = { OriginalFilename: 'Sample.Part.dll', ProductVersion: '1.2.3+0123456789abcdef', FileVersion: '1.2.0.0' };

describe('an assembly of .NET', () => {
  it('carries its name and version', async () => {
    expect((await extractFrom(dotnetAssembly, { '/app/x.dll': assembly(texts) })).packages).toEqual([
      { name: 'Sample.Part', version: '1.2.3', commit: '0123456789abcdef', files: ['/app/x.dll'] },
    ]);
  });

  it('may say less', async () => {
    const files = {
      '/app/Plain.dll': assembly({ FileVersion: '4.0.0.1' }),
      '/app/none.dll': assembly({}),
      '/app/native.dll': assembly(texts, false),
    };
    expect(await namesFrom(dotnetAssembly, files)).toEqual(['Plain@4.0.0.1']);
  });

  it('is not every file of that name, but one that is cut off is a problem', async () => {
    const files = { '/a.dll': '', '/b.exe': 'text', '/c.dll': assembly(texts).subarray(0, 80) };
    const { packages, problems } = await extractFrom(dotnetAssembly, files);
    expect(packages).toEqual([]);
    expect(problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(dotnetAssembly, '/a.dll', assembly(texts)));
});
