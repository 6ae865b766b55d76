import { existsSync, statSync } from 'node:fs';
import { describe } from 'vitest';

/** Something a test needs beyond Node, and the reason a person reads when it is missing. */
export type Requirement = { readonly met: boolean; readonly reason: string };

const isRoot = process.getuid?.() === 0;

export const root: Requirement = { met: isRoot, reason: 'needs root' };

/** A Docker daemon; `npm test` starts a private one as root and names it in DOCKER_HOST. */
export const dockerDaemon: Requirement = {
  met: dockerSocketPath() !== undefined,
  reason: 'needs a Docker daemon (as root on Debian npm test starts a private one)',
};

/** The socket of the Docker daemon tests may use. */
export function dockerSocketPath(): string | undefined {
  const named = process.env['DOCKER_HOST']?.replace(/^unix:\/\//, '');
  const path = named ?? '/var/run/docker.sock';
  return existsSync(path) ? path : undefined;
}

/** A kernel that describes its types, which our programs in it are made from. */
export const kernelTypes: Requirement = {
  met: existsSync('/sys/kernel/btf/vmlinux'),
  reason: 'needs a kernel with BTF',
};

/** A program on the root of the unified hierarchy meets the sockets of all processes; a container sees only its own part. */
export const unifiedHierarchy: Requirement = {
  met: ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].some((path) => existsSync(path) && statSync(path).ino === 1),
  reason: 'needs the root of the unified cgroup hierarchy',
};

export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
export const chromium: Requirement = { met: chromiumPath !== undefined, reason: 'needs Chromium' };

/** A program on the usual paths, e.g. `debootstrap`. */
export const programOf = (name: string): Requirement => ({
  met: ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/bin'].some((dir) => existsSync(`${dir}/${name}`)),
  reason: `needs the program ${name}`,
});

/**
 * `describe` for tests with needs. Where one is missing the block is skipped and its title says why, so that the summary of
 * `npm test` can list what was left out.
 */
export const describeWith = (needs: readonly Requirement[], title: string, body: () => void): void => {
  const missing = needs.filter((need) => !need.met).map((need) => need.reason);
  if (missing.length === 0) describe(title, body);
  else describe.skip(`${title} [left out: ${missing.join(', ')}]`, body);
};
