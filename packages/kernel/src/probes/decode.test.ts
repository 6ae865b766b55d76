import { describe, expect, it } from 'vitest';
import { decodeRecord } from './decode.ts';
import { execPart, head, recordKinds, stringsAt } from './record.ts';

const execRecord = (strings: {
  cgroup: string;
  tty: string;
  filename: string;
  interpreter: string;
  exePath?: string;
  folder?: string;
  packed: string;
  thread?: string;
}) => {
  const fixed = Buffer.alloc(stringsAt[recordKinds.exec]);
  fixed.writeUInt16LE(recordKinds.exec, head.kind);
  fixed.writeUInt32LE(42, head.pid);
  fixed.writeUInt32LE(0xffff_ffff, head.loginUid);
  fixed.write('shell\0old bytes', head.comm);
  fixed.write(strings.thread ?? 'shell\0other bytes', head.threadComm);
  const parts: Buffer[] = [];
  const append = (lengthAt: number, text: string): void => {
    const bytes = Buffer.from(text);
    fixed.writeUInt16LE(bytes.length, lengthAt);
    parts.push(bytes);
  };
  append(head.cgroupLengths, `${strings.cgroup}\0`);
  append(head.cgroupLengths + 2, '/\0');
  append(execPart.ttyLength, `${strings.tty}\0`);
  append(execPart.filenameLength, `${strings.filename}\0`);
  append(execPart.interpreterLength, `${strings.interpreter}\0`);
  append(execPart.exePathLength, strings.exePath ?? 'sh\0bin\0\0');
  append(execPart.folderLength, strings.folder ?? '\0');
  append(execPart.argumentsLength, strings.packed);
  return Buffer.concat([fixed, ...parts]);
};

const sample = execRecord({
  cgroup: 'docker-abc.scope',
  tty: 'pts/0',
  filename: './run',
  interpreter: '/bin/sh',
  packed: 'run\0\0last\0',
});

describe('decodeRecord', () => {
  it('reads the strings in the order in which they were written', () => {
    expect(decodeRecord(sample)).toMatchObject({
      kind: 'exec',
      filename: './run',
      interpreter: '/bin/sh',
      tty: 'pts/0',
      exePath: '/bin/sh',
      folder: '/',
      arguments: ['run', '', 'last'],
      process: { pid: 42, comm: 'shell', loginUid: undefined, cgroups: ['docker-abc.scope'] },
    });
  });

  it('names the thread only where its name is another one', () => {
    const none = { cgroup: '', tty: '', filename: '', interpreter: '', packed: '' };
    expect(decodeRecord(execRecord(none))?.thread).toBeUndefined();
    expect(decodeRecord(execRecord({ ...none, thread: 'ThreadPoolForeg\0' }))).toMatchObject({
      ...{ thread: 'ThreadPoolForeg', process: { comm: 'shell' } },
    });
  });

  it('keeps a last argument that was cut, and has none where none was read', () => {
    const empty = { cgroup: '', tty: '', filename: 'x', interpreter: 'x' };
    expect(decodeRecord(execRecord({ ...empty, packed: 'run\0cut he' }))).toMatchObject({
      arguments: ['run', 'cut he'],
    });
    expect(decodeRecord(execRecord({ ...empty, packed: '' }))).toMatchObject({ arguments: [] });
  });

  it('has no path where one was too deep, or a name of it too long', () => {
    const pathOf = (exePath: string): unknown =>
      decodeRecord(execRecord({ cgroup: '', tty: '', filename: 'x', interpreter: 'x', exePath, packed: '' }));
    expect(pathOf('sh\0bin\0')).toMatchObject({ exePath: undefined });
    expect(pathOf(`${'x'.repeat(79)}\0bin\0\0`)).toMatchObject({ exePath: undefined });
    expect(pathOf('')).toMatchObject({ exePath: undefined });
    expect(pathOf('memfd:x\0\0')).toMatchObject({ exePath: '/memfd:x' });
  });

  it('reads any bytes of any length without a crash', () => {
    for (let length = 0; length < sample.length; length += 1) decodeRecord(sample.subarray(0, length));
    for (let at = 0; at < sample.length; at += 1) {
      const broken = Buffer.from(sample);
      broken[at] = (broken[at] ?? 0) ^ 0xff;
      decodeRecord(broken);
    }
    expect(decodeRecord(Buffer.alloc(64))).toBeUndefined();
  });

  it('does not know records of other kinds', () => {
    const other = Buffer.from(sample);
    other.writeUInt16LE(99, head.kind);
    expect(decodeRecord(other)).toBeUndefined();
  });
});
