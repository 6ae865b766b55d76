import type { FoundPackage } from '../extractor.ts';

/**
 * A kernel's own modules (below `kernel/`) have its version and its bugs, and are some thousand files: only those that were
 * built apart are looked into.
 */
export const isOfKernel = (path: string): boolean => {
  if (path.endsWith('.ko')) return /^(?:\/usr)?\/lib\/modules\/[^/]+\/(?!kernel\/)/.test(path);
  return path.endsWith('/modules.builtin') ? releaseOfFolder(path) !== undefined : true;
};

/** `/lib/modules/6.1.0-13-amd64/modules.builtin` lies there for every kernel. */
export const releaseOfFolder = (path: string): string | undefined =>
  /^(?:\/usr)?\/lib\/modules\/([^/]{1,128})\/modules\.builtin$/.exec(path)?.[1];

/** Where a bzImage's magic and the pointer to its version lie (Documentation/arch/x86/boot.rst). */
export const setupBytes = 0x210;
export const maxBannerBytes = 512;

/** Where the text with the version begins in a bzImage; `undefined` for another file. */
export const bannerOffset = (setup: Buffer): number | undefined => {
  if (setup.length < setupBytes || setup.toString('latin1', 0x202, 0x206) !== 'HdrS') return undefined;
  const pointer = setup.readUInt16LE(0x20e);
  return pointer === 0 ? undefined : pointer + 0x200;
};

/** `6.1.0-13-amd64 (builder@host) #1 SMP …`: the release, with which modules must agree. */
export const releaseOfBanner = (banner: Buffer): string | undefined =>
  /^(\d+\.\d+[\w.+~-]{0,100})(?=[\s\0]|$)/.exec(banner.toString('latin1'))?.[1];

/** A kernel by its release. What a distributor appends is not of the version that vulnerabilities speak of. */
export const kernelOf = (release: string): FoundPackage[] => {
  const upstream = /^\d+\.\d+(?:\.\d+)?(?:-rc\d+)?/.exec(release)?.[0];
  return upstream === undefined
    ? []
    : [
        {
          name: 'linux',
          version: release,
          cpes: [{ vendor: 'linux', product: 'linux_kernel', part: 'o', version: upstream }],
        },
      ];
};

/** The module that `.modinfo` tells of, `key=value` texts between zeros; older compilers leave out the name, but not the file's. */
export const moduleOf = (modinfo: Buffer, fileName: string): FoundPackage => {
  const values = new Map<string, string>();
  for (const pair of modinfo.toString('utf8').split('\0', 10_000)) {
    const equals = pair.indexOf('=');
    if (equals > 0 && !values.has(pair.slice(0, equals))) values.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  const licence = values.get('license') ?? '';
  return {
    name: values.get('name') ?? fileName.replace(/\.ko$/, ''),
    version: values.get('version') ?? '',
    qualifiers: { vermagic: values.get('vermagic')?.split(' ', 1)[0] },
    ...(licence === '' ? {} : { licences: [licence] }),
  };
};
