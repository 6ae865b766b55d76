import { helpers } from '../../bpf/constants.ts';
import type { KernelOffsets } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { recordKinds, socketPart, stringsAt } from '../record.ts';

/** `net/tcp_states.h` */
export const tcpStates = { established: 1, synSent: 2, close: 7, listen: 10 } as const;

/**
 * Raw tracepoint `inet_sock_set_state(sock, old state, new state)`, of TCP sockets that begin to connect, are connected,
 * listen or end. Connecting and listening are done by the process that the head names; the other two often happen while
 * the kernel works on packets and any process may be running: their reader goes by the socket.
 */
export const writeSocketState = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  probe.begin();
  probe.takeArgument(0);
  asm.load(8, 'r7', 'r6', 16);
  for (const state of Object.values(tcpStates)) asm.jumpIf('eq', 'r7', state, 'told');
  probe.leave();
  asm.label('told');
  probe.read(1, 'r1', 'r8', [offsets.sockProtocol]);
  asm.jumpIf('ne', 'r1', protocolTcp, 'leave');
  probe.count();
  probe.put(1, socketPart.newState, 'r7');
  asm.load(8, 'r1', 'r6', 8);
  probe.put(1, socketPart.oldState, 'r1');
  probe.put(8, socketPart.socket, 'r8');
  probe.copy(socketPart.family, 2, 'r8', [offsets.sockFamily]);
  probe.copy(socketPart.localPort, 2, 'r8', [offsets.sockLocalPort]);
  probe.copy(socketPart.remotePort, 2, 'r8', [offsets.sockRemotePort]);
  probe.copy(socketPart.netNamespace, 4, 'r8', [offsets.sockNet, offsets.netInode]);
  probe.copy(socketPart.bytesReceived, 8, 'r8', [offsets.tcpBytesReceived]);
  probe.copy(socketPart.bytesAcked, 8, 'r8', [offsets.tcpBytesAcked]);
  putAddresses(probe, offsets);
  asm.call(helpers.getCurrentTask);
  asm.move('r8', 'r0');
  probe.startStrings(stringsAt[recordKinds.socket]);
  probe.putTask(recordKinds.socket);
  probe.submit();
};

const protocolTcp = 6;
const familyV6 = 10;

const putAddresses = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  asm.load(2, 'r1', 'r9', socketPart.family);
  asm.jumpIf('eq', 'r1', familyV6, 'v6');
  for (const place of [socketPart.localAddress, socketPart.remoteAddress]) {
    probe.put(8, place, 0);
    probe.put(8, place + 8, 0);
  }
  probe.copy(socketPart.localAddress, 4, 'r8', [offsets.sockLocalV4]);
  probe.copy(socketPart.remoteAddress, 4, 'r8', [offsets.sockRemoteV4]);
  asm.jump('addressed');
  asm.label('v6');
  probe.copy(socketPart.localAddress, 16, 'r8', [offsets.sockLocalV6]);
  probe.copy(socketPart.remoteAddress, 16, 'r8', [offsets.sockRemoteV6]);
  asm.label('addressed');
};
