import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import type { Btf, MemberPath } from '../bpf/btf.ts';
import { errno } from '../constants.ts';
import { KernelError } from '../kernel-error.ts';

/**
 * Where the kernel keeps what the probes read. Each place lists its names over the kernel's versions, newest first; the probes
 * are written for whichever of them this kernel has.
 */
const places = {
  taskPid: [['task_struct', 'pid']],
  taskTgid: [['task_struct', 'tgid']],
  taskGroupLeader: [['task_struct', 'group_leader']],
  taskRealParent: [['task_struct', 'real_parent']],
  taskMm: [['task_struct', 'mm']],
  taskCred: [['task_struct', 'cred']],
  taskComm: [['task_struct', 'comm']],
  taskNsproxy: [['task_struct', 'nsproxy']],
  taskCgroups: [['task_struct', 'cgroups']],
  taskSignal: [['task_struct', 'signal']],
  taskExitCode: [['task_struct', 'exit_code']],
  /** `real_start_time` until 5.4. */
  taskStartBoottime: [
    ['task_struct', 'start_boottime'],
    ['task_struct', 'real_start_time'],
  ],
  signalLive: [['signal_struct', 'live']],
  signalGroupExitCode: [['signal_struct', 'group_exit_code']],
  signalTty: [['signal_struct', 'tty']],
  ttyName: [['tty_struct', 'name']],
  mmArgStart: [['mm_struct', 'arg_start']],
  mmArgEnd: [['mm_struct', 'arg_end']],
  mmExeFile: [['mm_struct', 'exe_file']],
  fileInode: [['file', 'f_inode']],
  fileDentry: [['file', 'f_path', 'dentry']],
  fileMount: [['file', 'f_path', 'mnt']],
  taskFs: [['task_struct', 'fs']],
  fsFolderDentry: [['fs_struct', 'pwd', 'dentry']],
  fsFolderMount: [['fs_struct', 'pwd', 'mnt']],
  dentryParent: [['dentry', 'd_parent']],
  dentryName: [['dentry', 'd_name', 'name']],
  /** A `vfsmount` lies within a `mount`, which knows where it is mounted. */
  mountPart: [['mount', 'mnt']],
  mountParent: [['mount', 'mnt_parent']],
  mountPoint: [['mount', 'mnt_mountpoint']],
  mountRoot: [['vfsmount', 'mnt_root']],
  inodeNumber: [['inode', 'i_ino']],
  inodeMode: [['inode', 'i_mode']],
  inodeLinks: [['inode', 'i_nlink']],
  /** Two numbers since 6.11, a structure of its own name since 6.6. */
  inodeChangeSeconds: [
    ['inode', 'i_ctime_sec'],
    ['inode', '__i_ctime', 'tv_sec'],
    ['inode', 'i_ctime', 'tv_sec'],
  ],
  inodeChangeNanoseconds: [
    ['inode', 'i_ctime_nsec'],
    ['inode', '__i_ctime', 'tv_nsec'],
    ['inode', 'i_ctime', 'tv_nsec'],
  ],
  inodeSuperBlock: [['inode', 'i_sb']],
  superBlockDevice: [['super_block', 's_dev']],
  credUid: [['cred', 'uid']],
  credGid: [['cred', 'gid']],
  credEuid: [['cred', 'euid']],
  credCapEffective: [['cred', 'cap_effective']],
  nsproxyNet: [['nsproxy', 'net_ns']],
  nsproxyMount: [['nsproxy', 'mnt_ns']],
  nsproxyPid: [['nsproxy', 'pid_ns_for_children']],
  netInode: [['net', 'ns', 'inum']],
  mountInode: [['mnt_namespace', 'ns', 'inum']],
  pidInode: [['pid_namespace', 'ns', 'inum']],
  cssSetSubsys: [['css_set', 'subsys']],
  cssSetDefault: [['css_set', 'dfl_cgrp']],
  cssCgroup: [['cgroup_subsys_state', 'cgroup']],
  cgroupNode: [['cgroup', 'kn']],
  nodeName: [['kernfs_node', 'name']],
  /** `parent` until 6.14. */
  nodeParent: [
    ['kernfs_node', '__parent'],
    ['kernfs_node', 'parent'],
  ],
  binprmFilename: [['linux_binprm', 'filename']],
  binprmInterpreter: [['linux_binprm', 'interp']],
  sockFamily: [['sock', '__sk_common', 'skc_family']],
  sockLocalPort: [['sock', '__sk_common', 'skc_num']],
  sockRemotePort: [['sock', '__sk_common', 'skc_dport']],
  sockLocalV4: [['sock', '__sk_common', 'skc_rcv_saddr']],
  sockRemoteV4: [['sock', '__sk_common', 'skc_daddr']],
  sockLocalV6: [['sock', '__sk_common', 'skc_v6_rcv_saddr']],
  sockRemoteV6: [['sock', '__sk_common', 'skc_v6_daddr']],
  sockNet: [['sock', '__sk_common', 'skc_net', 'net']],
  sockProtocol: [['sock', 'sk_protocol']],
  tcpBytesReceived: [['tcp_sock', 'bytes_received']],
  tcpBytesAcked: [['tcp_sock', 'bytes_acked']],
} as const satisfies Readonly<Record<string, readonly MemberPath[]>>;

/** Only where the kernel was built with what they belong to. */
const optionalPlaces = {
  /** Auditing: without it nobody's login is known. */
  taskLoginUid: [['task_struct', 'loginuid']],
  taskSessionId: [['task_struct', 'sessionid']],
  moduleName: [['module', 'name']],
  packetHead: [['sk_buff', 'head']],
  packetData: [['sk_buff', 'data']],
  packetTail: [['sk_buff', 'tail']],
  packetNetworkHeader: [['sk_buff', 'network_header']],
  packetProtocol: [['sk_buff', 'protocol']],
  packetSocket: [['sk_buff', 'sk']],
  packetDevice: [['sk_buff', 'dev']],
  /** What a UDP socket carries for the kernel, such as a tunnel. */
  udpEncapsulation: [['udp_sock', 'encap_type']],
  deviceNet: [['net_device', 'nd_net', 'net']],
  /** What a program of a cgroup is called with, as the kernel has it. */
  calledSocket: [['bpf_sock_addr_kern', 'sk']],
  /** Registers of a process as it entered the kernel: of x86-64, then of arm64. */
  callNumber: [
    ['pt_regs', 'orig_ax'],
    ['pt_regs', 'syscallno'],
  ],
  /** The first parameter, which the result has not overwritten. */
  callFirst: [
    ['pt_regs', 'di'],
    ['pt_regs', 'orig_x0'],
  ],
  callOthers: [
    ['pt_regs', 'si'],
    ['pt_regs', 'regs'],
  ],
  callThird: [['pt_regs', 'dx']],
  callFourth: [['pt_regs', 'r10']],
  /** Of a thread: whether it is in a system call of 32 bits. */
  threadStatus: [['task_struct', 'thread_info', 'status']],
  threadFlags: [['task_struct', 'thread_info', 'flags']],
} as const satisfies Readonly<Record<string, readonly MemberPath[]>>;

/** Byte offsets within their structures. */
export type KernelOffsets = { readonly [K in keyof typeof places]: number } & {
  readonly [K in keyof typeof optionalPlaces]: number | undefined;
} & {
  /** Index of the memory controller among a `css_set`'s subsystems, for cgroup v1. */
  readonly memoryController: number | undefined;
};

/** For programs that can be left out: one without its places is not written. */
export const placeOf = (offsets: KernelOffsets, name: keyof KernelOffsets): number => {
  const place = offsets[name];
  if (place === undefined) throw new KernelError('bpf', errno.ENOENT, `this kernel has no place for ${name}`);
  return place;
};

/** Fails with the names of everything that this kernel lacks. */
export const resolveOffsets = (btf: Btf): Result<KernelOffsets, Problem> => {
  const lookUp = (paths: readonly MemberPath[]): number | undefined =>
    paths.map((path) => btf.offsetOf(path)).find((offset) => offset !== undefined);
  const resolved = Object.entries(places).map(([name, paths]) => [name, lookUp(paths)] as const);
  const missing = resolved.filter(([, offset]) => offset === undefined).map(([name]) => name);
  if (missing.length > 0)
    return fail(problem('unknown-kernel', `This kernel’s type information has no place for ${missing.join(', ')}.`));
  return ok({
    ...Object.fromEntries(resolved),
    ...Object.fromEntries(Object.entries(optionalPlaces).map(([name, paths]) => [name, lookUp(paths)])),
    memoryController: btf.enumValue('cgroup_subsys_id', 'memory_cgrp_id'),
  } as KernelOffsets);
};
