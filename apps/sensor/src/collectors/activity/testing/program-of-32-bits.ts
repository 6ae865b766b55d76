import { chmodSync, writeFileSync } from 'node:fs';

/**
 * Writes a static 32-bit program (ELF for the i386) of Linux. With arguments it becomes the program that the first one names, by the execve(2) of 32-bit
 * programs and without an environment; without any it ends with 7.
 */
export const writeProgramOf32Bits = (path: string): void => {
  const file = Buffer.alloc(codeAt + code.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(machine386, 18);
  file.writeUInt32LE(1, 20);
  file.writeUInt32LE(loadedAt + codeAt, 24);
  file.writeUInt32LE(headerBytes, 28);
  file.writeUInt16LE(headerBytes, 40);
  file.writeUInt16LE(segmentBytes, 42);
  file.writeUInt16LE(1, 44);
  const segment = [1, 0, loadedAt, loadedAt, file.length, file.length, readAndRun, 0x1000];
  for (const [index, value] of segment.entries()) file.writeUInt32LE(value, headerBytes + index * 4);
  file.set(code, codeAt);
  writeFileSync(path, file);
  chmodSync(path, 0o755);
};

const headerBytes = 52;
const segmentBytes = 32;
const codeAt = headerBytes + segmentBytes;
const machine386 = 3;
const loadedAt = 0x0804_8000;
const readAndRun = 5;

const code = Buffer.concat(
  [
    '8b0424', // mov (%esp),%eax: the number of arguments
    '83f802', // cmp $2,%eax
    '7c11', // jl the end
    '8b5c2408', // mov 8(%esp),%ebx
    '8d4c2408', // lea 8(%esp),%ecx
    '31d2', // xor %edx,%edx
    'b80b000000cd80', // execve(2)
    'b801000000bb07000000cd80', // exit(7)
  ].map((hex) => Buffer.from(hex, 'hex')),
);
