import { helpers } from '../../bpf/constants.ts';
import { type KernelOffsets, placeOf } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { datagramDirections, datagramPart, recordKinds, stringsAt } from '../record.ts';

/**
 * What was told lately, by the oldest first forgotten: process, network namespace, direction, port and the other end's address, with
 * when it was told. Some 2 MB of the kernel's memory.
 */
export const recentDatagrams = { keyBytes: 40, valueBytes: 8, maxEntries: 16_384 } as const;

/**
 * Programs of the root cgroup that are called with each datagram to a named address, before it is sent, and with each whose receiver
 * asks who sent it: always by the process that does. Only the first in five minutes to an address and port is told, or from an address
 * at a port, and not what answers a datagram that was told.
 */
export const writeDatagramSent = (probe: ProbeWriter, offsets: KernelOffsets): void =>
  writeCalled(probe, offsets, datagramDirections.sent);
export const writeDatagramReceived = (probe: ProbeWriter, offsets: KernelOffsets): void =>
  writeCalled(probe, offsets, datagramDirections.received);

/** Raw tracepoint `sock_send_length(sock, length, flags)` (6.3): what was sent by a UDP socket that is connected, which needs no name. */
export const writeDatagramConnected = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  const [v6, taken] = [asm.fresh('v6'), asm.fresh('taken')];
  asm.move('r6', 'r1');
  probe.takeArgument(0);
  probe.read(1, 'r1', 'r8', [offsets.sockProtocol]);
  asm.jumpIf('ne', 'r1', protocolUdp, 'leave');
  // An `int`, of which the upper half says nothing; what failed is below zero.
  probe.read(4, 'r1', 'r6', [8]);
  asm.alu('lsh', 'r1', 32);
  asm.jumpIf('slt', 'r1', 0, 'leave');
  probe.read(2, 'r1', 'r8', [offsets.sockRemotePort]);
  asm.jumpIf('eq', 'r1', 0, 'leave');
  asm.store(2, 'r10', key.port, 'r1');
  probe.read(2, 'r1', 'r8', [offsets.sockFamily]);
  asm.jumpIf('eq', 'r1', familyV6, v6);
  asm.jumpIf('ne', 'r1', familyV4, 'leave');
  keepV4(probe, 'r8', offsets.sockRemoteV4);
  asm.jump(taken);
  asm.label(v6);
  keepV6(probe, 'r8', offsets.sockRemoteV6);
  asm.label(taken);
  tellFirst(probe, offsets, datagramDirections.sent);
};

const protocolUdp = 17;
const familyV4 = 2;
const familyV6 = 10;
/** `struct sockaddr_in` and `sockaddr_in6`. */
const namePlaces = { family: 0, port: 2, addressV4: 4, addressV6: 8 } as const;

/** Below what the writer uses of the stack; the key is the memory of no other process that may interrupt. */
const key = {
  start: -160,
  process: -152,
  network: -148,
  direction: -144,
  port: -142,
  unused: -140,
  address: -136,
} as const;
const slot = { value: -168, remotePort: -176, localPort: -184, task: -192 } as const;
/** Of a mapped address the last four bytes before IPv4's own, and the shift that makes some 1.07 s of nanoseconds, and five minutes of these. */
const mappedMark = 0xffff_0000 | 0;
const ticks = { shift: 30, window: 280 } as const;

const writeCalled = (probe: ProbeWriter, offsets: KernelOffsets, direction: number): void => {
  const { asm } = probe;
  const [v6, taken] = [asm.fresh('v6'), asm.fresh('taken')];
  asm.move('r6', 'r1');
  probe.read(8, 'r8', 'r6', [placeOf(offsets, 'calledSocket')]);
  probe.read(8, 'r7', 'r6', [placeOf(offsets, 'calledName')]);
  probe.read(2, 'r1', 'r7', [namePlaces.port]);
  asm.store(2, 'r10', key.port, 'r1');
  probe.read(2, 'r1', 'r7', [namePlaces.family]);
  asm.jumpIf('eq', 'r1', familyV6, v6);
  keepV4(probe, 'r7', namePlaces.addressV4);
  asm.jump(taken);
  asm.label(v6);
  keepV6(probe, 'r7', namePlaces.addressV6);
  asm.label(taken);
  tellFirst(probe, offsets, direction);
};

const keepV4 = (probe: ProbeWriter, base: 'r7' | 'r8', at: number): void => {
  probe.asm.store(8, 'r10', key.address, 0);
  probe.asm.store(4, 'r10', key.address + 8, mappedMark);
  probe.read(4, 'r1', base, [at]);
  probe.asm.store(4, 'r10', key.address + 12, 'r1');
};

const keepV6 = (probe: ProbeWriter, base: 'r7' | 'r8', at: number): void => {
  for (const half of [0, 8]) {
    probe.read(8, 'r1', base, [at + half]);
    probe.asm.store(8, 'r10', key.address + half, 'r1');
  }
};

/** The socket is in r8, the other end's address and port in the key. */
const tellFirst = (probe: ProbeWriter, offsets: KernelOffsets, direction: number): void => {
  const { asm } = probe;
  const first = asm.fresh('first');
  asm.load(2, 'r1', 'r10', key.port);
  asm.store(8, 'r10', slot.remotePort, 'r1');
  probe.read(2, 'r1', 'r8', [offsets.sockLocalPort]);
  asm.store(8, 'r10', slot.localPort, 'r1');
  probe.read(4, 'r1', 'r8', [offsets.sockNet, offsets.netInode]);
  asm.store(4, 'r10', key.network, 'r1');
  asm.call(helpers.getCurrentTask);
  asm.store(8, 'r10', slot.task, 'r0');
  asm.move('r7', 'r0');
  probe.read(4, 'r1', 'r7', [offsets.taskTgid]);
  asm.store(4, 'r10', key.process, 'r1');
  probe.read(8, 'r1', 'r7', [offsets.taskGroupLeader, offsets.taskStartBoottime]);
  asm.store(8, 'r10', key.start, 'r1');
  asm.store(4, 'r10', key.unused, 0);
  lookUp(probe, direction);
  asm.jumpIf('eq', 'r0', 0, first);
  asm.load(8, 'r7', 'r0', 0);
  asm.call(helpers.ktimeGetBootNs);
  asm.alu('sub', 'r0', 'r7');
  asm.alu('rsh', 'r0', ticks.shift);
  asm.jumpIf('lt', 'r0', ticks.window, 'leave');
  asm.label(first);
  // What the other direction began, this one answers.
  lookUp(probe, 1 - direction);
  asm.jumpIf('ne', 'r0', 0, 'leave');
  remember(probe, direction);
  put(probe, offsets, direction);
};

/** What is sent goes by the other end's port, what is received by the own one: a server is asked from many ports. */
const turnKey = ({ asm }: ProbeWriter, direction: number): void => {
  asm.store(2, 'r10', key.direction, direction);
  asm.load(8, 'r1', 'r10', direction === datagramDirections.sent ? slot.remotePort : slot.localPort);
  asm.store(2, 'r10', key.port, 'r1');
};

/** `r0 =` when it was told last, a pointer. */
const lookUp = (probe: ProbeWriter, direction: number): void => {
  const { asm } = probe;
  turnKey(probe, direction);
  asm.moveMap('r1', probe.recentFd);
  asm.move('r2', 'r10');
  asm.alu('add', 'r2', key.start);
  asm.call(helpers.mapLookupElement);
};

const remember = (probe: ProbeWriter, direction: number): void => {
  const { asm } = probe;
  turnKey(probe, direction);
  asm.call(helpers.ktimeGetBootNs);
  asm.store(8, 'r10', slot.value, 'r0');
  asm.moveMap('r1', probe.recentFd);
  asm.move('r2', 'r10');
  asm.alu('add', 'r2', key.start);
  asm.move('r3', 'r10');
  asm.alu('add', 'r3', slot.value);
  asm.move('r4', 0);
  // A full table forgets the oldest; where it cannot, this is told again.
  asm.call(helpers.mapUpdateElement);
};

const put = (probe: ProbeWriter, offsets: KernelOffsets, direction: number): void => {
  const { asm } = probe;
  probe.count();
  probe.beginAlone();
  probe.put(1, datagramPart.direction, direction);
  asm.load(4, 'r1', 'r10', key.network);
  probe.put(4, datagramPart.netNamespace, 'r1');
  asm.load(8, 'r1', 'r10', slot.localPort);
  probe.put(2, datagramPart.localPort, 'r1');
  asm.load(8, 'r1', 'r10', slot.remotePort);
  probe.put(2, datagramPart.remotePort, 'r1');
  for (const half of [0, 8]) {
    asm.load(8, 'r1', 'r10', key.address + half);
    probe.put(8, datagramPart.remoteAddress + half, 'r1');
  }
  putLocalAddress(probe, offsets);
  asm.load(8, 'r8', 'r10', slot.task);
  probe.startStrings(stringsAt[recordKinds.datagram]);
  probe.putTask(recordKinds.datagram);
  probe.submit();
};

const putLocalAddress = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  const [v6, done] = [asm.fresh('v6'), asm.fresh('done')];
  probe.read(2, 'r1', 'r8', [offsets.sockFamily]);
  asm.jumpIf('eq', 'r1', familyV6, v6);
  probe.put(8, datagramPart.localAddress, 0);
  probe.put(4, datagramPart.localAddress + 8, mappedMark);
  probe.copy(datagramPart.localAddress + 12, 4, 'r8', [offsets.sockLocalV4]);
  asm.jump(done);
  asm.label(v6);
  probe.copy(datagramPart.localAddress, 16, 'r8', [offsets.sockLocalV6]);
  asm.label(done);
};
