import type { Package } from '@parapet/contract';
import { describe, expect, it } from 'vitest';
import { hasKernelCode, kernelSourceOf } from './kernel.ts';

const built = (name: string, source: string, type = 'dpkg'): Package => ({
  purl: 'pkg:x',
  type,
  name,
  version: '6.1.94-1',
  source: { name: source, version: '6.1.94+1' },
  licences: [],
  location: '/db',
  files: [],
});

describe('the source of a signed kernel', () => {
  it.each([
    ['linux-signed-amd64', 'linux'],
    ['linux-signed-arm64', 'linux'],
    ['linux-signed', 'linux'],
    ['linux-signed-aws', 'linux-aws'],
    ['linux-signed-hwe-6.8', 'linux-hwe-6.8'],
  ])('%s is %s, in the version of the package', (source, name) => {
    expect(kernelSourceOf(built('linux-image-6.1.0-22-amd64', source))).toEqual({ name, version: '6.1.94-1' });
  });

  it.each(['linux', 'openssl', 'linux-base'])('%s is itself', (source) => {
    expect(kernelSourceOf(built('x', source))).toBeUndefined();
  });
});

describe('which packages have kernel code', () => {
  it.each([
    ['linux-image-6.1.0-22-amd64', 'linux-signed-amd64'],
    ['linux-image-6.1.0-22-amd64-unsigned', 'linux'],
    ['linux-modules-5.15.0-112-generic', 'linux'],
    ['linux-modules-extra-5.15.0-112-generic', 'linux'],
    ['openssl', 'openssl'],
    ['linux-base', 'linux-base'],
    ['linux-firmware', 'linux-firmware'],
  ])('%s of %s', (name, source) => expect(hasKernelCode(built(name, source))).toBe(true));

  it.each([
    ['linux-libc-dev', 'linux'],
    ['linux-headers-6.1.0-22-common', 'linux'],
    ['linux-perf', 'linux'],
    ['libcpupower1', 'linux'],
    ['usbip', 'linux'],
    ['linux-tools-5.15.0-112', 'linux-hwe-6.8'],
  ])('not %s of %s', (name, source) => expect(hasKernelCode(built(name, source))).toBe(false));

  it('is not asked of other package managers, which name what they fix', () => {
    expect(hasKernelCode(built('kernel-headers', 'linux', 'rpm'))).toBe(true);
  });
});
