import { helpers } from '../../bpf/constants.ts';
import { type KernelOffsets, placeOf } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { cursorMask, dnsPart, recordKinds, stringsAt, textLimits } from '../record.ts';

/**
 * Raw tracepoint `net_dev_queue(packet)`: UDP to port 53 on its way out, in whichever network namespace. A packet that has a socket still
 * is sent by the process that runs; one that is passed on has none.
 */
export const writeDnsQuestion = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  takePacket(probe);
  probe.read(8, 'r7', 'r8', [placeOf(offsets, 'packetHead')]);
  probe.read(2, 'r1', 'r8', [placeOf(offsets, 'packetNetworkHeader')]);
  probe.asm.alu('add', 'r7', 'r1');
  findUdp(probe, offsets, (udp) => {
    probe.read(2, 'r1', 'r7', [udpPlaces.to]);
    probe.asm.jumpIf('eq', 'r1', dnsPortInPacket, udp);
    // Docker's own resolver is reached by another port, chosen for each container.
    probe.asm.load(8, 'r3', 'r10', slot.network);
    probe.read(4, 'r1', 'r3', [ipv4Places.to]);
    probe.asm.move('r2', dockerResolver);
    probe.asm.jumpIf('ne', 'r1', 'r2', 'leave');
  });
  probe.read(8, 'r1', 'r8', [placeOf(offsets, 'packetSocket')]);
  probe.asm.jumpIf('eq', 'r1', 0, 'leave');
  put(probe, offsets, [placeOf(offsets, 'packetSocket'), offsets.sockNet, offsets.netInode]);
};

/** Raw tracepoint `netif_receive_skb(packet)`: UDP from port 53 that comes in at a device. Who runs has nothing to do with it. */
export const writeDnsAnswer = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  takePacket(probe);
  probe.read(8, 'r7', 'r8', [placeOf(offsets, 'packetData')]);
  findUdp(probe, offsets, (udp) => {
    probe.read(2, 'r1', 'r7', [udpPlaces.from]);
    probe.asm.jumpIf('eq', 'r1', dnsPortInPacket, udp);
    probe.leave();
  });
  put(probe, offsets, [placeOf(offsets, 'packetDevice'), placeOf(offsets, 'deviceNet'), offsets.netInode]);
};

const slot = { network: -96, length: -104 } as const;
const udpPlaces = { from: 0, to: 2, length: 4 } as const;
const udpHeaderBytes = 8;
const ipv4Places = { fragment: 6, from: 12, to: 16 } as const;
const ipv6Places = { next: 6, from: 8, to: 24 } as const;
const ipv6HeaderBytes = 40;
const protocolUdp = 17;

/** Numbers of packets as this machine, whose lowest byte is first, reads them: port 53, 127.0.0.11, ETH_P_IP, ETH_P_IPV6. */
const dnsPortInPacket = 53 << 8;
const dockerResolver = (11 << 24) | 127;
const etherTypes = { ipv4: 0x0008, ipv6: 0xdd86 } as const;
/** The 13 bits of the offset: only the first fragment has the header that is read. */
const fragmentOffset = 0xff1f;

/** `r8 =` the packet. Most packets end here, so that working memory is taken only for those that matter. */
const takePacket = ({ asm }: ProbeWriter): void => {
  asm.move('r6', 'r1');
  asm.load(8, 'r8', 'r6', 0);
};

/** From the network header in r7 to the UDP header, in r7 too; leaves what is no UDP. `select` jumps to its label for what is wanted. */
const findUdp = (probe: ProbeWriter, offsets: KernelOffsets, select: (udp: string) => void): void => {
  const { asm } = probe;
  const [v6, found, udp] = [asm.fresh('v6'), asm.fresh('found'), asm.fresh('udp')];
  asm.store(8, 'r10', slot.network, 'r7');
  probe.read(2, 'r1', 'r8', [placeOf(offsets, 'packetProtocol')]);
  asm.jumpIf('eq', 'r1', etherTypes.ipv6, v6);
  asm.jumpIf('ne', 'r1', etherTypes.ipv4, 'leave');
  // One reading for both, since this is done for each packet: fragment, time to live, protocol.
  probe.read(4, 'r1', 'r7', [ipv4Places.fragment]);
  asm.move('r2', 'r1');
  asm.alu('rsh', 'r2', 24);
  asm.jumpIf('ne', 'r2', protocolUdp, 'leave');
  asm.jumpIf('set', 'r1', fragmentOffset, 'leave');
  // Its length in words of four bytes.
  probe.read(1, 'r1', 'r7', [0]);
  asm.alu('and', 'r1', 0x0f);
  asm.alu('lsh', 'r1', 2);
  asm.alu('add', 'r7', 'r1');
  asm.jump(found);
  asm.label(v6);
  probe.read(1, 'r1', 'r7', [ipv6Places.next]);
  asm.jumpIf('ne', 'r1', protocolUdp, 'leave');
  asm.alu('add', 'r7', ipv6HeaderBytes);
  asm.label(found);
  select(udp);
  asm.label(udp);
};

/** The packet is in r8, its UDP header in r7, where its network namespace is says `namespace`. */
const put = (probe: ProbeWriter, offsets: KernelOffsets, namespace: readonly number[]): void => {
  const { asm } = probe;
  asm.move('r1', 'r6');
  probe.begin();
  probe.count();
  probe.copy(dnsPart.netNamespace, 4, 'r8', namespace);
  probe.copy(dnsPart.fromPort, 2, 'r7', [udpPlaces.from]);
  probe.copy(dnsPart.toPort, 2, 'r7', [udpPlaces.to]);
  probe.copy(dnsPart.udpLength, 2, 'r7', [udpPlaces.length]);
  putAddresses(probe, offsets);
  putLength(probe, offsets);
  asm.alu('add', 'r7', udpHeaderBytes);
  asm.store(8, 'r10', slot.network, 'r7');
  asm.call(helpers.getCurrentTask);
  asm.move('r8', 'r0');
  probe.startStrings(stringsAt[recordKinds.dns]);
  probe.putTask(recordKinds.dns);
  appendPayload(probe);
  probe.submit();
};

const putAddresses = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  const [v6, done] = [asm.fresh('v6'), asm.fresh('done')];
  probe.copy(dnsPart.etherType, 2, 'r8', [placeOf(offsets, 'packetProtocol')]);
  asm.load(2, 'r1', 'r9', dnsPart.etherType);
  asm.jumpIf('eq', 'r1', etherTypes.ipv6, v6);
  const copy = (to: number, bytes: number, from: number): void => {
    asm.load(8, 'r3', 'r10', slot.network);
    probe.copy(to, bytes, 'r3', [from]);
  };
  copy(dnsPart.fromAddress, 4, ipv4Places.from);
  copy(dnsPart.toAddress, 4, ipv4Places.to);
  asm.jump(done);
  asm.label(v6);
  copy(dnsPart.fromAddress, 16, ipv6Places.from);
  copy(dnsPart.toAddress, 16, ipv6Places.to);
  asm.label(done);
};

/** What of the message lies in one piece behind its header; some drivers leave the end of a long packet elsewhere. */
const putLength = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  const [positive, short] = [asm.fresh('positive'), asm.fresh('short')];
  probe.read(8, 'r0', 'r8', [placeOf(offsets, 'packetHead')]);
  asm.store(8, 'r10', slot.length, 'r0');
  probe.read(4, 'r2', 'r8', [placeOf(offsets, 'packetTail')]);
  asm.load(8, 'r1', 'r10', slot.length);
  asm.alu('add', 'r2', 'r1');
  asm.alu('sub', 'r2', 'r7');
  asm.alu('sub', 'r2', udpHeaderBytes);
  asm.jumpIf('sge', 'r2', 0, positive);
  asm.move('r2', 0);
  asm.label(positive);
  asm.jumpIf('le', 'r2', textLimits.dns - 1, short);
  asm.move('r2', textLimits.dns - 1);
  asm.label(short);
  asm.store(8, 'r10', slot.length, 'r2');
};

const appendPayload = (probe: ProbeWriter): void => {
  const { asm } = probe;
  const kept = asm.fresh('kept');
  asm.load(8, 'r2', 'r10', slot.length);
  asm.alu('and', 'r2', textLimits.dns - 1);
  asm.alu('and', 'r7', cursorMask);
  asm.move('r1', 'r9');
  asm.alu('add', 'r1', 'r7');
  asm.load(8, 'r3', 'r10', slot.network);
  asm.call(helpers.probeReadKernel);
  asm.load(8, 'r2', 'r10', slot.length);
  asm.jumpIf('eq', 'r0', 0, kept);
  asm.move('r2', 0);
  asm.label(kept);
  asm.alu('and', 'r2', textLimits.dns - 1);
  probe.put(2, dnsPart.payloadLength, 'r2');
  asm.alu('add', 'r7', 'r2');
};
