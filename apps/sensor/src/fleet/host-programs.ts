import { type InventoryRecord, noneHere } from '@parapet/contract/wire';
import type { HostPlan } from './world.ts';

const libc = '/usr/lib/x86_64-linux-gnu/libc.so.6';
const libcrypto = '/usr/lib/x86_64-linux-gnu/libcrypto.so.3';

/** What runs on every host all the time. */
export const daemons: readonly {
  readonly executable: string;
  readonly arguments: readonly string[];
  readonly loadedFiles: readonly string[];
  readonly port?: number;
  readonly needsDocker?: true;
}[] = [
  { executable: '/usr/lib/systemd/systemd', arguments: ['/sbin/init'], loadedFiles: [libc] },
  { executable: '/usr/lib/systemd/systemd-journald', arguments: ['systemd-journald'], loadedFiles: [libc] },
  { executable: '/usr/sbin/sshd', arguments: ['sshd', '-D'], loadedFiles: [libc, libcrypto], port: 22 },
  { executable: '/usr/sbin/cron', arguments: ['cron', '-f'], loadedFiles: [libc] },
  { executable: '/usr/sbin/rsyslogd', arguments: ['rsyslogd', '-n'], loadedFiles: [libc] },
  { executable: '/usr/bin/dbus-daemon', arguments: ['dbus-daemon', '--system'], loadedFiles: [libc] },
  { executable: '/usr/bin/containerd', arguments: ['containerd'], loadedFiles: [libc], needsDocker: true },
  { executable: '/usr/bin/dockerd', arguments: ['dockerd', '-H', 'fd://'], loadedFiles: [libc], needsDocker: true },
];

/** What comes and goes. */
export const shortLived = [
  { executable: '/usr/bin/python3.11', arguments: ['python3', '/usr/local/bin/backup', '--incremental'] },
  { executable: '/bin/bash', arguments: ['-bash'] },
  { executable: '/usr/bin/rsync', arguments: ['rsync', '-a', '/srv/export', 'vault:/in'] },
  { executable: '/usr/bin/apt', arguments: ['apt', 'update'] },
  { executable: '/usr/sbin/logrotate', arguments: ['logrotate', '/etc/logrotate.conf'] },
  { executable: '/usr/bin/curl', arguments: ['curl', '-fsS', 'http://localhost/health'] },
] as const;

export const collectorOf = (name: string, host: HostPlan, atMs: number): InventoryRecord => {
  const base = { kind: 'collector', key: name, startedAt: atMs } as const;
  if (name === 'docker' && host.role === 'bastion') {
    return { ...base, state: 'running', source: noneHere, reason: 'There is no Docker on this host.' };
  }
  return { ...base, state: 'running', source: 'simulated' };
};
