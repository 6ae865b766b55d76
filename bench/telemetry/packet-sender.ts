import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf, libc } from '../../packages/kernel/src/libc.ts';
import { askedDomain } from './marker.ts';

/**
 * Sends small datagrams to 64 ports of an address, 64 with each call, and for every thousandth a question of its own to its port 53:
 * `node packet-sender.ts ADDRESS RATE SECONDS`. Says how many of each it sent.
 */
const [address = '127.0.0.1', rate = '200000', seconds = '1'] = process.argv.slice(2);

const batch = 64;
const askEvery = 1000;
const firstPort = 20_000;
const payloadBytes = 18;

const socketName = (port: number): Uint8Array => {
  const name = Buffer.alloc(16);
  name.writeUInt16LE(2, 0);
  name.writeUInt16BE(port, 2);
  name.set(address.split('.').map(Number), 4);
  return name;
};
const question = (number: number): Uint8Array => {
  const head = Buffer.from('000001000001000000000000', 'hex');
  head.writeUInt16BE(number & 0xffff, 0);
  const labels = [`n${number}`, ...askedDomain.split('.')].flatMap((label) => [
    Buffer.from([label.length]),
    Buffer.from(label),
  ]);
  return Buffer.concat([head, ...labels, Buffer.from('0000010001', 'hex')]);
};

/**
 * `struct mmsghdr` of sendmmsg(2), one after another, then what they point to: in one piece of memory, since small buffers of their own lie
 * where the collector moves them.
 */
const headerBytes = 64;
const memory = Buffer.alloc(batch * (headerBytes + 16) + 16 + payloadBytes);
const [namesAt, vectorAt] = [batch * headerBytes, batch * (headerBytes + 16)];
const at = addressOf(memory);
memory.writeBigUInt64LE(at + BigInt(vectorAt + 16), vectorAt);
memory.writeBigUInt64LE(BigInt(payloadBytes), vectorAt + 8);
for (let index = 0; index < batch; index += 1) {
  memory.set(socketName(firstPort + index), namesAt + index * 16);
  memory.writeBigUInt64LE(at + BigInt(namesAt + index * 16), index * headerBytes);
  memory.writeUInt32LE(16, index * headerBytes + 8);
  memory.writeBigUInt64LE(at + BigInt(vectorAt), index * headerBytes + 16);
  memory.writeBigUInt64LE(1n, index * headerBytes + 24);
}
const sendmmsg = process.arch === 'arm64' ? 269 : 307;

const fd = libc().socket(2, 2, 0);
const resolver = socketName(53);
const wanted = Number(rate) * Number(seconds);
const startedAt = performance.now();
let sent = 0;
let asked = 0;
let refused = 0;
while (sent + refused < wanted) {
  const due = Math.min(wanted, ((performance.now() - startedAt) / 1000) * Number(rate));
  while (sent + refused < due) {
    const done = libc().syscall(sendmmsg, fd, at, batch, 0, 0, 0);
    if (done > 0) sent += done;
    else refused += batch;
    if (sent < (asked + 1) * askEvery) continue;
    const message = question(asked);
    if (libc().sendto(fd, message, message.length, 0, resolver, 16) === message.length) asked += 1;
  }
  await sleep(1);
}
const tookMs = performance.now() - startedAt;
process.send?.({ sent, asked, refused, tookMs, kept: memory.length }, () => process.exit(0));
