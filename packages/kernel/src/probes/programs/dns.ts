import { helpers } from '../../bpf/constants.ts';
import { type KernelOffsets, placeOf } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { cursorMask, dnsPart, recordKinds, stringsAt, textLimits } from '../record.ts';

/**
 * Raw tracepoint `skb_copy_datagram_iovec(packet, length)`: a process takes what came for it, here UDP from port 53. The answer holds
 * the question, and who takes it is who asked. After translation: an answer of a runtime's own resolver comes from port 53 as well.
 *
 * Not seen: answers whose checksum the kernel works out while it copies (network cards that cannot), and the end of a long one that
 * a driver left outside the packet's first part.
 */
export const writeDns = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  const head = placeOf(offsets, 'skbHead');
  const transport = placeOf(offsets, 'skbTransport');
  const v6 = asm.fresh('v6');
  const taken = asm.fresh('taken');
  const whole = asm.fresh('whole');
  probe.begin();
  probe.takeArgument(0);
  probe.read(2, 'r7', 'r8', [placeOf(offsets, 'skbProtocol')]);
  // Packets of others, such as local sockets, have no such headers.
  const known = asm.fresh('known');
  asm.jumpIf('eq', 'r7', protocolV4, known);
  asm.jumpIf('ne', 'r7', protocolV6, 'leave');
  asm.label(known);
  toHeader(probe, head, transport);
  probe.read(2, 'r1', 'r0', [0]);
  asm.jumpIf('ne', 'r1', dnsPortBigEndian, 'leave');
  toHeader(probe, head, placeOf(offsets, 'skbNetwork'));
  asm.store(8, 'r10', slot.from, 'r0');
  asm.jumpIf('eq', 'r7', protocolV6, v6);
  probe.read(1, 'r1', 'r0', [9]);
  asm.jumpIf('ne', 'r1', protocolUdp, 'leave');
  asm.load(8, 'r3', 'r10', slot.from);
  probe.copy(dnsPart.address, 4, 'r3', [12]);
  probe.put(2, dnsPart.version, 4);
  asm.jump(taken);
  asm.label(v6);
  probe.read(1, 'r1', 'r0', [6]);
  asm.jumpIf('ne', 'r1', protocolUdp, 'leave');
  asm.load(8, 'r3', 'r10', slot.from);
  probe.copy(dnsPart.address, 16, 'r3', [8]);
  probe.put(2, dnsPart.version, 6);
  asm.label(taken);
  probe.count();
  toHeader(probe, head, transport);
  asm.alu('add', 'r0', udpHeaderBytes);
  asm.store(8, 'r10', slot.from, 'r0');
  // Where its first part ends, counted from the same place as the headers.
  probe.read(2, 'r7', 'r8', [transport]);
  probe.read(4, 'r1', 'r8', [placeOf(offsets, 'skbTail')]);
  asm.alu('sub', 'r1', 'r7');
  asm.alu('sub', 'r1', udpHeaderBytes);
  // Else the length would be taken for a very large one.
  asm.jumpIf('sge', 'r1', 0, whole);
  asm.move('r1', 0);
  asm.label(whole);
  asm.store(8, 'r10', slot.length, 'r1');
  asm.call(helpers.getCurrentTask);
  asm.move('r8', 'r0');
  probe.startStrings(stringsAt[recordKinds.dns]);
  probe.putTask(recordKinds.dns);
  appendPayload(probe);
  probe.submit();
};

const slot = { from: -96, length: -104 } as const;
/** As they stand in packets, read by this machine: ETH_P_IP, ETH_P_IPV6, port 53. */
const protocolV4 = 0x0008;
const protocolV6 = 0xdd86;
const dnsPortBigEndian = 53 << 8;
const protocolUdp = 17;
const udpHeaderBytes = 8;

/** `r0 =` where a header of the packet in r8 begins. */
const toHeader = (probe: ProbeWriter, head: number, header: number): void => {
  const { asm } = probe;
  probe.read(8, 'r0', 'r8', [head]);
  asm.store(8, 'r10', slot.from, 'r0');
  probe.read(2, 'r1', 'r8', [header]);
  asm.load(8, 'r0', 'r10', slot.from);
  asm.alu('add', 'r0', 'r1');
};

const appendPayload = (probe: ProbeWriter): void => {
  const { asm } = probe;
  const short = asm.fresh('short');
  const kept = asm.fresh('kept');
  asm.load(8, 'r2', 'r10', slot.length);
  asm.jumpIf('le', 'r2', textLimits.dns - 1, short);
  asm.move('r2', textLimits.dns - 1);
  asm.label(short);
  asm.alu('and', 'r2', textLimits.dns - 1);
  asm.store(8, 'r10', slot.length, 'r2');
  asm.alu('and', 'r7', cursorMask);
  asm.move('r1', 'r9');
  asm.alu('add', 'r1', 'r7');
  asm.load(8, 'r3', 'r10', slot.from);
  asm.call(helpers.probeReadKernel);
  asm.load(8, 'r2', 'r10', slot.length);
  asm.jumpIf('eq', 'r0', 0, kept);
  asm.move('r2', 0);
  asm.label(kept);
  asm.alu('and', 'r2', textLimits.dns - 1);
  probe.put(2, dnsPart.payloadLength, 'r2');
  asm.alu('add', 'r7', 'r2');
};
