import { closeSync, openSync, writeSync } from 'node:fs';

/**
 * Records that are none of ours and that the kernel writes into its own log as long as nobody asks for audit records: refusals of
 * AppArmor, SELinux and others, killed by seccomp, integrity. They must not vanish because we do ask, so they are put there by us.
 */
export type KernelLog = {
  /** It may be written: otherwise they are in nobody's log. */
  readonly isOpen: boolean;
  readonly pass: (type: number, text: string) => void;
  readonly close: () => void;
};

/** As the kernel limits itself (`printk_ratelimit`). */
const maxLines = 10;
const perMs = 5000;
const maxLineBytes = 900;

export const openKernelLog = (path = '/dev/kmsg', nowMs: () => number = () => performance.now()): KernelLog => {
  let fd: number | undefined;
  let windowAt = Number.NEGATIVE_INFINITY;
  let written = 0;
  try {
    fd = openSync(path, 'w');
  } catch {
    // In a container without devices, or where a unit takes the log away.
    fd = undefined;
  }
  return {
    isOpen: fd !== undefined,
    pass: (type, text) => {
      if (fd === undefined || !isLoggedAnyway(type)) return;
      const now = nowMs();
      if (now - windowAt >= perMs) {
        windowAt = now;
        written = 0;
      }
      written += 1;
      if (written > maxLines) return;
      try {
        writeSync(fd, `<${notice}>audit: type=${type} ${oneLine(text)}\n`);
      } catch {
        // The log is full or closed to us; so it would be for the kernel's own line.
        written = maxLines;
      }
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
};

/** KERN_NOTICE. */
const notice = 5;

/** AUDIT_SECCOMP, those of security modules, those of IMA: made whether audit is on or not. */
const isLoggedAnyway = (type: number): boolean =>
  type === 1326 || (type >= 1400 && type <= 1499) || (type >= 1800 && type <= 1899);

/** The kernel escapes what programs chose; nothing but printable ASCII goes out of here all the same. */
const oneLine = (text: string): string => text.slice(0, maxLineBytes).replace(/[^ -~]/g, '?');
