import { helpers } from '../../bpf/constants.ts';
import { type KernelOffsets, placeOf } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { cursorMask, dnsStreamPart, recordKinds, stringsAt, textLimits } from '../record.ts';

/**
 * Programs of the root cgroup that are called with each packet that a socket sends or is given: payload of TCP to port 53, or from it. Here and
 * not at the devices, since what a process wrote lies in pages that only this kind of program can read. Who runs may be anybody: its
 * reader goes by the socket.
 */
export const writeDnsStreamSent = (probe: ProbeWriter, offsets: KernelOffsets): void =>
  writeDnsStream(probe, offsets, tcpPlaces.to);
export const writeDnsStreamReceived = (probe: ProbeWriter, offsets: KernelOffsets): void =>
  writeDnsStream(probe, offsets, tcpPlaces.from);

/** `struct __sk_buff`, whose loads the kernel turns into its own; the packet begins with its network header. */
const packetPlaces = { length: 0, protocol: 16 } as const;
const ipv4Places = { fragment: 6, protocol: 9, from: 12, to: 16, bytes: 20 } as const;
const ipv6Places = { next: 6, from: 8, to: 24, bytes: 40 } as const;
const tcpPlaces = { from: 0, to: 2, sequence: 4, headerWords: 12, bytes: 16 } as const;
const protocolTcp = 6;
/** As this machine, whose lowest byte is first, reads them from a packet. */
const dnsPortInPacket = 53 << 8;
const etherTypes = { ipv4: 0x0008, ipv6: 0xdd86 } as const;
const fragmentOffset = 0xff1f;

/** Below what the writer uses of the stack. */
const slot = { network: -160, tcp: -176, payloadAt: -184, length: -192, kept: -200 } as const;

const writeDnsStream = (probe: ProbeWriter, offsets: KernelOffsets, portPlace: number): void => {
  const { asm } = probe;
  const [v6, found] = [asm.fresh('v6'), asm.fresh('found')];
  asm.move('r6', 'r1');
  asm.load(4, 'r8', 'r6', packetPlaces.protocol);
  asm.jumpIf('eq', 'r8', etherTypes.ipv6, v6);
  asm.jumpIf('ne', 'r8', etherTypes.ipv4, 'leave');
  readPacket(probe, 0, slot.network, ipv4Places.bytes);
  asm.load(1, 'r1', 'r10', slot.network + ipv4Places.protocol);
  asm.jumpIf('ne', 'r1', protocolTcp, 'leave');
  asm.load(2, 'r1', 'r10', slot.network + ipv4Places.fragment);
  asm.jumpIf('set', 'r1', fragmentOffset, 'leave');
  // Its length in words of four bytes.
  asm.load(1, 'r7', 'r10', slot.network);
  asm.alu('and', 'r7', 0x0f);
  asm.alu('lsh', 'r7', 2);
  asm.jump(found);
  asm.label(v6);
  readPacket(probe, 0, slot.network, ipv6Places.bytes);
  asm.load(1, 'r1', 'r10', slot.network + ipv6Places.next);
  asm.jumpIf('ne', 'r1', protocolTcp, 'leave');
  asm.move('r7', ipv6Places.bytes);
  asm.label(found);
  readPacket(probe, 'r7', slot.tcp, tcpPlaces.bytes);
  asm.load(2, 'r1', 'r10', slot.tcp + portPlace);
  asm.jumpIf('ne', 'r1', dnsPortInPacket, 'leave');
  asm.load(1, 'r1', 'r10', slot.tcp + tcpPlaces.headerWords);
  asm.alu('rsh', 'r1', 4);
  asm.alu('lsh', 'r1', 2);
  asm.alu('add', 'r7', 'r1');
  asm.store(8, 'r10', slot.payloadAt, 'r7');
  asm.load(4, 'r1', 'r6', packetPlaces.length);
  asm.alu('sub', 'r1', 'r7');
  asm.jumpIf('sle', 'r1', 0, 'leave');
  asm.store(8, 'r10', slot.length, 'r1');
  put(probe, offsets);
};

/** `size` bytes of the packet from a place on, to the stack; a packet that is too short is none of ours. */
const readPacket = ({ asm }: ProbeWriter, from: number | 'r7', to: number, size: number): void => {
  asm.move('r1', 'r6');
  asm.move('r2', from);
  asm.move('r3', 'r10');
  asm.alu('add', 'r3', to);
  asm.move('r4', size);
  asm.call(helpers.skbLoadBytes);
  asm.jumpIf('ne', 'r0', 0, 'leave');
};

const put = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  probe.count();
  probe.beginAlone();
  const move = (size: 2 | 4 | 8, to: number, from: number): void => {
    asm.load(size, 'r1', 'r10', from);
    probe.put(size, to, 'r1');
  };
  probe.put(2, dnsStreamPart.etherType, 'r8');
  move(2, dnsStreamPart.fromPort, slot.tcp + tcpPlaces.from);
  move(2, dnsStreamPart.toPort, slot.tcp + tcpPlaces.to);
  move(4, dnsStreamPart.sequence, slot.tcp + tcpPlaces.sequence);
  move(4, dnsStreamPart.length, slot.length);
  const [v6, addressed] = [asm.fresh('v6'), asm.fresh('addressed')];
  asm.jumpIf('eq', 'r8', etherTypes.ipv6, v6);
  move(4, dnsStreamPart.fromAddress, slot.network + ipv4Places.from);
  move(4, dnsStreamPart.toAddress, slot.network + ipv4Places.to);
  asm.jump(addressed);
  asm.label(v6);
  for (const half of [0, 8]) {
    move(8, dnsStreamPart.fromAddress + half, slot.network + ipv6Places.from + half);
    move(8, dnsStreamPart.toAddress + half, slot.network + ipv6Places.to + half);
  }
  asm.label(addressed);
  const socket = placeOf(offsets, 'packetSocket');
  probe.copy(dnsStreamPart.socket, 8, 'r6', [socket]);
  probe.copy(dnsStreamPart.netNamespace, 4, 'r6', [socket, offsets.sockNet, offsets.netInode]);
  asm.call(helpers.getCurrentTask);
  asm.move('r8', 'r0');
  probe.startStrings(stringsAt[recordKinds.dnsStream]);
  probe.putTask(recordKinds.dnsStream);
  appendPayload(probe);
  probe.submit();
};

const appendPayload = (probe: ProbeWriter): void => {
  const { asm } = probe;
  const [short, read, done] = [asm.fresh('short'), asm.fresh('read'), asm.fresh('done')];
  const sized = asm.fresh('sized');
  asm.load(8, 'r4', 'r10', slot.length);
  asm.jumpIf('le', 'r4', textLimits.dns - 1, short);
  asm.move('r4', textLimits.dns - 1);
  asm.label(short);
  asm.store(8, 'r10', slot.kept, 'r4');
  probe.put(2, dnsStreamPart.payloadLength, 0);
  asm.alu('and', 'r4', textLimits.dns - 1);
  // A check whether it is zero tells kernels of before 6.8 nothing of what it is otherwise, and they take no length that may be zero.
  asm.jumpIf('gt', 'r4', 0, sized);
  asm.jump(done);
  asm.label(sized);
  asm.alu('and', 'r7', cursorMask);
  asm.move('r1', 'r6');
  asm.load(8, 'r2', 'r10', slot.payloadAt);
  asm.move('r3', 'r9');
  asm.alu('add', 'r3', 'r7');
  asm.call(helpers.skbLoadBytes);
  asm.jumpIf('eq', 'r0', 0, read);
  asm.jump(done);
  asm.label(read);
  asm.load(8, 'r4', 'r10', slot.kept);
  asm.alu('and', 'r4', textLimits.dns - 1);
  probe.put(2, dnsStreamPart.payloadLength, 'r4');
  asm.alu('add', 'r7', 'r4');
  asm.label(done);
};
