import { helpers } from '../../bpf/constants.ts';
import { type KernelOffsets, placeOf } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { cursorMask, dnsPart, recordKinds, stringsAt, textLimits } from '../record.ts';

/**
 * The kernel's `udp_sendmsg(sock, message, length)` and `udpv6_sendmsg`, of messages to port 53: the process that asks is the one
 * that runs. What a newer kernel sends from one buffer an older one has as a vector, of which the first part is read.
 */
export const writeDnsSend =
  (family: 'ipv4' | 'ipv6') =>
  (probe: ProbeWriter, offsets: KernelOffsets): void => {
    const { asm } = probe;
    probe.begin();
    probe.takeArgument(0);
    putServer(probe, offsets, family);
    asm.load(2, 'r1', 'r9', dnsPart.remotePort);
    asm.jumpIf('ne', 'r1', dnsPortBigEndian, 'leave');
    // To an IPv4 address from a socket that speaks both: the other function tells it.
    if (family === 'ipv6') leaveIfMapped(probe);
    probe.count();
    probe.put(2, dnsPart.isV6, family === 'ipv6' ? 1 : 0);
    begin(probe, offsets, recordKinds.dnsSend);
    const iterator = placeOf(offsets, 'msgIterator');
    const vector = asm.fresh('vector');
    const pointed = asm.fresh('pointed');
    if (offsets.singleBuffer !== undefined) {
      probe.read(1, 'r1', 'r6', [8, iterator + placeOf(offsets, 'iteratorType')]);
      asm.jumpIf('ne', 'r1', offsets.singleBuffer, vector);
      probe.read(8, 'r0', 'r6', [8, iterator + placeOf(offsets, 'iteratorBuffer')]);
      asm.jump(pointed);
    }
    asm.label(vector);
    probe.read(8, 'r0', 'r6', [8, iterator + placeOf(offsets, 'iteratorVector'), placeOf(offsets, 'vectorBase')]);
    asm.label(pointed);
    asm.store(8, 'r10', slot.from, 'r0');
    probe.read(8, 'r2', 'r6', [16]);
    appendPayload(probe, helpers.probeReadUser);
    probe.submit();
  };

/**
 * The kernel's `skb_consume_udp(sock, packet, length)`: a process takes a packet, here one from port 53. Some drivers leave the end
 * of a long packet elsewhere, and then it is not read.
 */
export const writeDnsReceive = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  const packet = 8;
  const transport = placeOf(offsets, 'skbTransport');
  probe.begin();
  probe.read(8, 'r7', 'r6', [packet, placeOf(offsets, 'skbHead')]);
  probe.read(2, 'r1', 'r6', [packet, transport]);
  asm.alu('add', 'r7', 'r1');
  probe.read(2, 'r1', 'r7', [0]);
  asm.jumpIf('ne', 'r1', dnsPortBigEndian, 'leave');
  asm.alu('add', 'r7', udpHeaderBytes);
  asm.store(8, 'r10', slot.from, 'r7');
  probe.count();
  probe.takeArgument(0);
  begin(probe, offsets, recordKinds.dnsReceive);
  probe.read(4, 'r2', 'r6', [packet, placeOf(offsets, 'skbTail')]);
  asm.store(8, 'r10', slot.length, 'r2');
  probe.read(2, 'r1', 'r6', [packet, transport]);
  asm.load(8, 'r2', 'r10', slot.length);
  asm.alu('sub', 'r2', 'r1');
  asm.alu('sub', 'r2', udpHeaderBytes);
  appendPayload(probe, helpers.probeReadKernel);
  probe.submit();
};

const slot = { from: -96, length: -104 } as const;
/** 53 as it stands in packets, read by this machine. */
const dnsPortBigEndian = 53 << 8;
const udpHeaderBytes = 8;

/** Where the message goes: a name of its own, or the other end of a connected socket. */
const putServer = (probe: ProbeWriter, offsets: KernelOffsets, family: 'ipv4' | 'ipv6'): void => {
  const { asm } = probe;
  const connected = asm.fresh('connected');
  const known = asm.fresh('known');
  const [bytes, inName, inSocket] =
    family === 'ipv4' ? ([4, 4, offsets.sockRemoteV4] as const) : ([16, 8, offsets.sockRemoteV6] as const);
  probe.put(8, dnsPart.remoteAddress, 0);
  probe.put(8, dnsPart.remoteAddress + 8, 0);
  probe.read(8, 'r7', 'r6', [8, placeOf(offsets, 'msgName')]);
  asm.jumpIf('eq', 'r7', 0, connected);
  probe.copy(dnsPart.remotePort, 2, 'r7', [2]);
  probe.copy(dnsPart.remoteAddress, bytes, 'r7', [inName]);
  asm.jump(known);
  asm.label(connected);
  probe.copy(dnsPart.remotePort, 2, 'r8', [offsets.sockRemotePort]);
  probe.copy(dnsPart.remoteAddress, bytes, 'r8', [inSocket]);
  asm.label(known);
};

/** `::ffff:0:0/96` of RFC 4291. */
const leaveIfMapped = ({ asm }: ProbeWriter): void => {
  const other = asm.fresh('other');
  asm.load(8, 'r1', 'r9', dnsPart.remoteAddress);
  asm.jumpIf('ne', 'r1', 0, other);
  asm.load(4, 'r1', 'r9', dnsPart.remoteAddress + 8);
  asm.alu('rsh', 'r1', 16);
  asm.jumpIf('eq', 'r1', 0xffff, 'leave');
  asm.label(other);
};

/** Of the socket in r8, then of the process that runs. */
const begin = (probe: ProbeWriter, offsets: KernelOffsets, kind: number): void => {
  const { asm } = probe;
  probe.put(8, dnsPart.socket, 'r8');
  probe.copy(dnsPart.netNamespace, 4, 'r8', [offsets.sockNet, offsets.netInode]);
  asm.call(helpers.getCurrentTask);
  asm.move('r8', 'r0');
  probe.startStrings(kind === recordKinds.dnsSend ? stringsAt[recordKinds.dnsSend] : stringsAt[recordKinds.dnsReceive]);
  probe.putTask(kind);
};

/** As many bytes as r2 says, from where the slot points. */
const appendPayload = (probe: ProbeWriter, helper: number): void => {
  const { asm } = probe;
  const short = asm.fresh('short');
  const kept = asm.fresh('kept');
  asm.jumpIf('le', 'r2', textLimits.dns - 1, short);
  asm.move('r2', textLimits.dns - 1);
  asm.label(short);
  asm.alu('and', 'r2', textLimits.dns - 1);
  asm.store(8, 'r10', slot.length, 'r2');
  asm.alu('and', 'r7', cursorMask);
  asm.move('r1', 'r9');
  asm.alu('add', 'r1', 'r7');
  asm.load(8, 'r3', 'r10', slot.from);
  asm.call(helper);
  asm.load(8, 'r2', 'r10', slot.length);
  asm.jumpIf('eq', 'r0', 0, kept);
  asm.move('r2', 0);
  asm.label(kept);
  asm.alu('and', 'r2', textLimits.dns - 1);
  probe.put(2, dnsPart.payloadLength, 'r2');
  asm.alu('add', 'r7', 'r2');
};
