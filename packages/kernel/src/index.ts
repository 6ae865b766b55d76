export { type AuditControl, openAuditControl } from './audit/audit-control.ts';
export type { AuditSettings } from './audit/audit-settings.ts';
export type { AuditSharing } from './audit/audit-use.ts';
export { type AuditedStarts, type AuditedStartsOptions, openAuditedStarts } from './audit/audited-starts.ts';
export { putAuditBack } from './audit/put-back.ts';
export type { AuditedStart } from './audit/start-records.ts';
export { asleepNs, bootClockNs } from './boot-clock.ts';
export { readExtendedAttribute } from './extended-attribute.ts';
export { type FileWatch, type FileWatchMethod, openFileWatch } from './fanotify/file-watch.ts';
export { type FileNotice, fileMasks, type NamedPlace } from './fanotify/message.ts';
export { type FileLock, lockFile } from './file-lock.ts';
export { type FileSystemKind, fileSystemKind } from './file-system-kind.ts';
export {
  enableFlowAccounting,
  type FlowEvents,
  type FlowTracking,
  openFlowTracking,
  readFlowAccounting,
} from './flow-tracking.ts';
export { readFolder } from './folder-entries.ts';
export { formatIpv4, formatIpv6, parseIpAddress } from './ip-address.ts';
export { attempt, KernelError } from './kernel-error.ts';
export { returnFreedMemoryEarly, trimMemory } from './memory-trim.ts';
export type { FlowTuple, TrackedFlow } from './netlink/connection-tracking.ts';
export type { InterfaceAddress } from './netlink/interface-addresses.ts';
export { type NetworkNamespace, openNetworkNamespace } from './network-namespace.ts';
export type {
  ProbedEvent,
  ProbedExec,
  ProbedExit,
  ProbedFile,
  ProbedFork,
  ProbedModule,
  ProbedMount,
  ProbedRights,
  ProbedTrace,
} from './probes/decode.ts';
export type { ProbedDatagram, ProbedDns, ProbedDnsStream, ProbedSocket } from './probes/decode-network.ts';
export type { ProbedProcess } from './probes/probed-process.ts';
export {
  openProbes,
  type ProbeAccount,
  type ProbeName,
  type ProbeOptions,
  type Probes,
  probeNames,
} from './probes/probes.ts';
export { tcpStates } from './probes/programs/socket-state.ts';
export {
  createProcessEvents,
  type ProcessEvent,
  type ProcessEvents,
  type ProcessEventsOptions,
  type ProcessExit,
  type ProcessFork,
  type ProcessRights,
} from './process-events.ts';
export { parseSocketFile, readSocketFiles } from './procfs/socket-files.ts';
export { openRootFolder, type RootFolder, type RootFolderOptions } from './safe-open.ts';
export type { Endpoint, SocketRow, SocketState, TransportProtocol } from './socket-row.ts';
export {
  listInterfaceAddresses,
  openSocketEnds,
  openSocketTable,
  type SocketEnds,
  type SocketTable,
} from './socket-table.ts';
export type { TracedStart } from './tracepoints/trace-record.ts';
export {
  openTracepoints,
  type TracepointAccount,
  type TracepointOptions,
  type Tracepoints,
} from './tracepoints/tracepoints.ts';
