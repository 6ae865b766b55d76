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
  writeCalled(probe, offsets, datagramDirections.sent, 'ipv4');
export const writeDatagramSent6 = (probe: ProbeWriter, offsets: KernelOffsets): void =>
  writeCalled(probe, offsets, datagramDirections.sent, 'ipv6');
export const writeDatagramReceived = (probe: ProbeWriter, offsets: KernelOffsets): void =>
  writeCalled(probe, offsets, datagramDirections.received, 'ipv4');
export const writeDatagramReceived6 = (probe: ProbeWriter, offsets: KernelOffsets): void =>
  writeCalled(probe, offsets, datagramDirections.received, 'ipv6');

/** Raw tracepoint `sock_send_length(sock, length, flags)` (6.3): what was sent by a UDP socket that is connected, which needs no name. */
export const writeDatagramConnected = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  asm.move('r6', 'r1');
  probe.takeArgument(0);
  probe.read(1, 'r1', 'r8', [offsets.sockProtocol]);
  asm.jumpIf('ne', 'r1', protocolUdp, 'leave');
  // An `int`, of which the upper half says nothing; what failed is below zero.
  asm.load(8, 'r2', 'r6', 8);
  asm.alu('lsh', 'r2', 32);
  asm.jumpIf('slt', 'r2', 0, 'leave');
  tellConnected(probe, offsets);
};

/**
 * The same before 6.3: a program of the root cgroup that is called with each packet that a socket sends, by the process that does, once the
 * firewall let it pass. Most are not UDP and leave by what the kernel reads for us; of sockets that carry a tunnel, anybody may run.
 */
export const writeDatagramLeaving = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  asm.move('r6', 'r1');
  asm.load(8, 'r1', 'r6', packet.socket);
  asm.jumpIf('eq', 'r1', 0, 'leave');
  asm.call(helpers.fullSocket);
  asm.jumpIf('eq', 'r0', 0, 'leave');
  asm.load(4, 'r1', 'r0', packet.socketProtocol);
  asm.jumpIf('ne', 'r1', protocolUdp, 'leave');
  probe.read(8, 'r8', 'r6', [placeOf(offsets, 'packetSocket')]);
  probe.read(1, 'r1', 'r8', [placeOf(offsets, 'udpEncapsulation')]);
  asm.jumpIf('ne', 'r1', 0, 'leave');
  tellConnected(probe, offsets);
};

/** The socket is in r8, one of UDP; without a port of the other end it is not connected. */
const tellConnected = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  const [v6, taken] = [asm.fresh('v6'), asm.fresh('taken')];
  probe.read(2, 'r1', 'r8', [offsets.sockRemotePort]);
  asm.jumpIf('eq', 'r1', 0, 'leave');
  asm.store(8, 'r10', slot.remotePort, 'r1');
  probe.read(2, 'r1', 'r8', [offsets.sockFamily]);
  asm.jumpIf('eq', 'r1', familyV6, v6);
  asm.jumpIf('ne', 'r1', familyV4, 'leave');
  probe.read(4, 'r1', 'r8', [offsets.sockRemoteV4]);
  keepV4(probe);
  asm.jump(taken);
  asm.label(v6);
  for (const half of [0, 8]) {
    probe.read(8, 'r1', 'r8', [offsets.sockRemoteV6 + half]);
    asm.store(8, 'r10', key.address + half, 'r1');
  }
  asm.label(taken);
  tellFirst(probe, offsets, datagramDirections.sent);
};

const protocolUdp = 17;
const familyV4 = 2;
const familyV6 = 10;
/** What a program of a cgroup is called with (`struct bpf_sock_addr`): the kernel turns loads of it into loads of its own. */
const called = { addressV4: 4, addressV6: 8, port: 24 } as const;
/** The same of packets: `struct __sk_buff`, and `struct bpf_sock` that it leads to. */
const packet = { socket: 168, socketProtocol: 12 } as const;

/** Below what the writer uses of the stack; the key is the memory of no other process that may interrupt. */
const key = { start: -160, process: -152, direction: -148, port: -146, network: -144, address: -136 } as const;
const slot = { value: -168, remotePort: -176, localPort: -184, task: -192 } as const;
/** Of a mapped address the last four bytes before IPv4's own, and the shift that makes some 1.07 s of nanoseconds, and five minutes of these. */
const mappedMark = 0xffff_0000 | 0;
const ticks = { shift: 30, window: 280 } as const;

const writeCalled = (probe: ProbeWriter, offsets: KernelOffsets, direction: number, family: 'ipv4' | 'ipv6'): void => {
  const { asm } = probe;
  asm.move('r6', 'r1');
  asm.load(4, 'r1', 'r6', called.port);
  asm.store(8, 'r10', slot.remotePort, 'r1');
  if (family === 'ipv4') {
    asm.load(4, 'r1', 'r6', called.addressV4);
    keepV4(probe);
  } else
    for (const word of [0, 4, 8, 12]) {
      asm.load(4, 'r1', 'r6', called.addressV6 + word);
      asm.store(4, 'r10', key.address + word, 'r1');
    }
  probe.read(8, 'r8', 'r6', [placeOf(offsets, 'calledSocket')]);
  tellFirst(probe, offsets, direction);
};

/** The address is in r1. */
const keepV4 = ({ asm }: ProbeWriter): void => {
  asm.store(8, 'r10', key.address, 0);
  asm.store(4, 'r10', key.address + 8, mappedMark);
  asm.store(4, 'r10', key.address + 12, 'r1');
};

/**
 * The socket is in r8, the other end's address in the key and its port in its slot. Up to the first look-up this runs for each datagram, so
 * that little is read: each reading costs some 30 ns.
 */
const tellFirst = (probe: ProbeWriter, offsets: KernelOffsets, direction: number): void => {
  const { asm } = probe;
  const first = asm.fresh('first');
  if (direction === datagramDirections.received) readLocalPort(probe, offsets);
  probe.read(4, 'r1', 'r8', [offsets.sockNet, offsets.netInode]);
  asm.store(8, 'r10', key.network, 'r1');
  asm.call(helpers.getCurrentPidTgid);
  asm.alu('rsh', 'r0', 32);
  asm.store(4, 'r10', key.process, 'r0');
  asm.call(helpers.getCurrentTask);
  asm.store(8, 'r10', slot.task, 'r0');
  asm.move('r7', 'r0');
  probe.read(8, 'r1', 'r7', [offsets.taskGroupLeader, offsets.taskStartBoottime]);
  asm.store(8, 'r10', key.start, 'r1');
  lookUp(probe, direction);
  asm.jumpIf('eq', 'r0', 0, first);
  asm.load(8, 'r7', 'r0', 0);
  asm.call(helpers.ktimeGetBootNs);
  asm.alu('sub', 'r0', 'r7');
  asm.alu('rsh', 'r0', ticks.shift);
  asm.jumpIf('lt', 'r0', ticks.window, 'leave');
  asm.label(first);
  if (direction === datagramDirections.sent) readLocalPort(probe, offsets);
  // What the other direction began, this one answers.
  lookUp(probe, 1 - direction);
  asm.jumpIf('ne', 'r0', 0, 'leave');
  remember(probe, direction);
  put(probe, offsets, direction);
};

const readLocalPort = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  probe.read(2, 'r1', 'r8', [offsets.sockLocalPort]);
  probe.asm.store(8, 'r10', slot.localPort, 'r1');
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
  asm.load(8, 'r1', 'r10', key.network);
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
