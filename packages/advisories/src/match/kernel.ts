import type { Package } from '@parapet/contract';

/*
 * The kernel's source package builds dozens of others, and Debian and Ubuntu build the kernel itself a second time, signed,
 * from a source of another name that no advisory knows.
 */

const signedSource = /^linux-signed(?:-(.+))?$/;
const architectures = new Set(['amd64', 'arm64', 'i386', 'armhf', 'ppc64el', 's390x', 'riscv64']);

/** The source that advisories name for a signed kernel: `linux-signed-amd64` is `linux`, `linux-signed-aws` is `linux-aws`. */
export const kernelSourceOf = ({ type, version, source }: Package): Package['source'] => {
  const found = type === 'dpkg' ? signedSource.exec(source?.name ?? '') : null;
  if (found === null) return undefined;
  const flavour = found[1] ?? '';
  // The signed source has a version of its own (`6.1.94+1`); the package has that of the kernel (`6.1.94-1`).
  return { name: flavour === '' || architectures.has(flavour) ? 'linux' : `linux-${flavour}`, version };
};

/**
 * False for what is built from a Debian kernel's source without any of its code (headers, documents, tools): each would repeat
 * every vulnerability of the kernel. True for all other packages.
 */
export const hasKernelCode = ({ type, name, source }: Package): boolean =>
  type !== 'dpkg' ||
  !/^linux(?:-signed)?(?:-(?!base$|firmware$|atm$).+)?$/.test(source?.name ?? '') ||
  /^linux-(?:image|modules|signed-image|cloud-image)/.test(name);
