/** Names by bit (`linux/capability.h`). */
const names = [
  'chown',
  'dac_override',
  'dac_read_search',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'linux_immutable',
  'net_bind_service',
  'net_broadcast',
  'net_admin',
  'net_raw',
  'ipc_lock',
  'ipc_owner',
  'sys_module',
  'sys_rawio',
  'sys_chroot',
  'sys_ptrace',
  'sys_pacct',
  'sys_admin',
  'sys_boot',
  'sys_nice',
  'sys_resource',
  'sys_time',
  'sys_tty_config',
  'mknod',
  'lease',
  'audit_write',
  'audit_control',
  'setfcap',
  'mac_override',
  'mac_admin',
  'syslog',
  'wake_alarm',
  'block_suspend',
  'audit_read',
  'perfmon',
  'bpf',
  'checkpoint_restore',
];

/** As the Elastic Common Schema writes them, e.g. `CAP_NET_RAW`; a bit without a name by its number. */
export const capabilityNames = (capabilities: bigint): readonly string[] => {
  const known = namesBySet.get(capabilities);
  if (known !== undefined) return known;
  const found: string[] = [];
  for (let bit = 0; bit < 64; bit += 1)
    if ((capabilities & (1n << BigInt(bit))) !== 0n) found.push(`CAP_${names[bit]?.toUpperCase() ?? bit}`);
  if (namesBySet.size >= maxSets) namesBySet.clear();
  namesBySet.set(capabilities, found);
  return found;
};

/** A host knows few sets, in many events. */
const namesBySet = new Map<bigint, readonly string[]>();
const maxSets = 256;
