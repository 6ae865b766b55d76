import { chmodSync, writeFileSync } from 'node:fs';

/** Writes a program for x86-64 Linux that sleeps a millisecond and ends: as little as the kernel runs at all (ELF, System V ABI). */
export const writeTinyProgram = (path: string): void => {
  if (process.arch !== 'x64') throw new Error('The tiny program is written for x86-64 only.');
  const code = Buffer.from([
    ...[0xb8, 0x23, 0x00, 0x00, 0x00], // mov eax, 35 (nanosleep)
    ...[0x48, 0x8d, 0x3d, 0x12, 0x00, 0x00, 0x00], // lea rdi, [rip + 18] (the time below)
    ...[0x31, 0xf6], // xor esi, esi
    ...[0x0f, 0x05], // syscall
    ...[0xb8, 0x3c, 0x00, 0x00, 0x00], // mov eax, 60 (exit)
    ...[0x31, 0xff], // xor edi, edi
    ...[0x0f, 0x05], // syscall
    ...[0x90, 0x90, 0x90, 0x90, 0x90], // to where the time lies
  ]);
  const time = Buffer.alloc(16);
  time.writeBigUInt64LE(1_000_000n, 8);
  const content = Buffer.concat([code, time]);
  const headers = Buffer.alloc(headerBytes);
  headers.write('\x7fELF\x02\x01\x01', 'latin1');
  headers.writeUInt16LE(2, 16); // an executable
  headers.writeUInt16LE(62, 18); // for x86-64
  headers.writeUInt32LE(1, 20);
  headers.writeBigUInt64LE(loadAt + BigInt(headerBytes), 24); // entry
  headers.writeBigUInt64LE(64n, 32); // program headers
  headers.writeUInt16LE(64, 52);
  headers.writeUInt16LE(56, 54);
  headers.writeUInt16LE(1, 56);
  headers.writeUInt32LE(1, 64); // one segment to load
  headers.writeUInt32LE(5, 68); // readable, executable
  headers.writeBigUInt64LE(loadAt, 80);
  headers.writeBigUInt64LE(loadAt, 88);
  headers.writeBigUInt64LE(BigInt(headerBytes + content.length), 96);
  headers.writeBigUInt64LE(BigInt(headerBytes + content.length), 104);
  headers.writeBigUInt64LE(0x1000n, 112);
  writeFileSync(path, Buffer.concat([headers, content]));
  chmodSync(path, 0o755);
};

const loadAt = 0x400000n;
const headerBytes = 64 + 56;
