import type { Distribution } from '@parapet/contract';
import type { FileSystem } from '../file-system/file-system.ts';
import { parseOsRelease } from './os-release.ts';

/**
 * Which distribution a target is, from os-release, or from the older release files where there is none. `undefined` for a
 * target without any, e.g. an image with a single static program.
 */
export const detectDistribution = async (fileSystem: FileSystem): Promise<Distribution | undefined> => {
  for (const path of osReleaseFiles) {
    const text = await readText(fileSystem, path);
    const found = text === undefined ? undefined : fromOsRelease(text);
    if (found !== undefined) return refine(fileSystem, found);
  }
  for (const fallback of fallbacks) {
    const text = await readText(fileSystem, fallback.path);
    const found = text === undefined ? undefined : fallback.parse(text.trim());
    if (found !== undefined) return found;
  }
  return undefined;
};

const osReleaseFiles: readonly string[] = ['/etc/os-release', '/usr/lib/os-release', '/etc/initrd-release'];

/** A release file is a few lines; what is larger is something else. */
const maxReleaseBytes = 64 * 1024;

const readText = async (fileSystem: FileSystem, path: string): Promise<string | undefined> => {
  const content = await fileSystem.readFile(path, maxReleaseBytes);
  return content.ok ? content.value.toString('utf8') : undefined;
};

const clip = (text: string): string => text.slice(0, 256);

const fromOsRelease = (text: string): Distribution | undefined => {
  const values = parseOsRelease(text);
  const id = values.get('ID')?.toLowerCase();
  if (id === undefined || id === '') return undefined;
  const versionId = values.get('VERSION_ID') ?? '';
  const codename = values.get('VERSION_CODENAME') ?? /\(([a-z ]+)\)/i.exec(values.get('VERSION') ?? '')?.[1];
  return {
    id: clip(id),
    versionId: clip(versionId),
    ...(codename === undefined || codename === '' ? {} : { versionCodename: clip(codename.toLowerCase()) }),
    name: clip(values.get('PRETTY_NAME') ?? values.get('NAME') ?? id),
  };
};

/** Debian testing and sid have no VERSION_ID; debian_version names the release to come, e.g. `forky/sid`. */
const refine = async (fileSystem: FileSystem, found: Distribution): Promise<Distribution> => {
  if (found.versionId !== '' || found.id !== 'debian') return found;
  const text = (await readText(fileSystem, '/etc/debian_version'))?.trim() ?? '';
  const major = /^(\d+)(?:\.\d+)?$/.exec(text)?.[1];
  const codename = found.versionCodename ?? /^([a-z]+)\/sid$/.exec(text)?.[1];
  return {
    ...found,
    ...(major === undefined ? {} : { versionId: major }),
    ...(codename === undefined ? {} : { versionCodename: clip(codename) }),
  };
};

type Fallback = { readonly path: string; readonly parse: (text: string) => Distribution | undefined };

const fallbacks: readonly Fallback[] = [
  {
    path: '/etc/alpine-release',
    parse: (text) =>
      /^\d[\w.]*$/.test(text) ? { id: 'alpine', versionId: clip(text), name: clip(`Alpine Linux ${text}`) } : undefined,
  },
  { path: '/etc/photon-release', parse: (text) => fromRedHatRelease(text, 'photon') },
  { path: '/etc/mariner-release', parse: (text) => fromRedHatRelease(text, 'mariner') },
  { path: '/etc/openwrt_release', parse: (text) => fromLsbRelease(text) },
  { path: '/etc/oracle-release', parse: (text) => fromRedHatRelease(text, 'ol') },
  { path: '/etc/system-release', parse: (text) => fromRedHatRelease(text) },
  { path: '/etc/centos-release', parse: (text) => fromRedHatRelease(text, 'centos') },
  { path: '/etc/rocky-release', parse: (text) => fromRedHatRelease(text, 'rocky') },
  { path: '/etc/almalinux-release', parse: (text) => fromRedHatRelease(text, 'almalinux') },
  { path: '/etc/fedora-release', parse: (text) => fromRedHatRelease(text) },
  { path: '/etc/redhat-release', parse: (text) => fromRedHatRelease(text) },
  { path: '/etc/lsb-release', parse: (text) => fromLsbRelease(text) },
  {
    path: '/etc/debian_version',
    parse: (text) => {
      const major = /^(\d+)(?:\.\d+)*$/.exec(text)?.[1];
      const codename = /^([a-z]+)(?:\/sid)?$/.exec(text)?.[1];
      if (major === undefined && codename === undefined) return undefined;
      return {
        id: 'debian',
        versionId: major ?? '',
        ...(codename === undefined ? {} : { versionCodename: clip(codename) }),
        name: clip(`Debian GNU/Linux ${text}`),
      };
    },
  },
  {
    path: '/etc/arch-release',
    parse: () => ({ id: 'arch', versionId: '', name: 'Arch Linux' }),
  },
  {
    path: '/etc/SuSE-release',
    parse: (text) => {
      const version = /^VERSION\s*=\s*([\d.]+)/m.exec(text)?.[1];
      const patch = /^PATCHLEVEL\s*=\s*(\d+)/m.exec(text)?.[1];
      if (version === undefined) return undefined;
      const id = /openSUSE/i.test(text) ? 'opensuse' : 'sles';
      const versionId = patch === undefined || patch === '0' ? version : `${version}.${patch}`;
      return { id, versionId: clip(versionId), name: clip(text.split('\n', 1)[0] ?? id) };
    },
  },
];

/** Every file that is asked for; a stream keeps them. */
export const releaseFiles: ReadonlySet<string> = new Set([
  ...osReleaseFiles,
  '/etc/debian_version',
  ...fallbacks.map(({ path }) => path),
]);

/** Names in `… release 7.9.2009 (Core)` lines, the more specific first. */
const redHatFamily: readonly (readonly [RegExp, string])[] = [
  [/CentOS/i, 'centos'],
  [/AlmaLinux/i, 'almalinux'],
  [/Rocky/i, 'rocky'],
  [/Oracle/i, 'ol'],
  [/Amazon Linux/i, 'amzn'],
  [/Fedora/i, 'fedora'],
  [/Photon/i, 'photon'],
  [/Red Hat/i, 'rhel'],
];

const fromRedHatRelease = (text: string, known?: string): Distribution | undefined => {
  const line = text.split('\n', 1)[0] ?? '';
  const version = /(?:release|version|AMI|Linux|CBL-Mariner)\s+v?(\d[\w.]*)/i.exec(line)?.[1];
  const id = known ?? redHatFamily.find(([pattern]) => pattern.test(line))?.[1];
  return id === undefined || version === undefined
    ? undefined
    : { id, versionId: clip(version), name: clip(line.trim()) };
};

const fromLsbRelease = (text: string): Distribution | undefined => {
  const values = parseOsRelease(text);
  const id = values.get('DISTRIB_ID')?.toLowerCase();
  if (id === undefined || id === '') return undefined;
  const codename = values.get('DISTRIB_CODENAME');
  return {
    id: clip(id),
    versionId: clip(values.get('DISTRIB_RELEASE') ?? ''),
    ...(codename === undefined ? {} : { versionCodename: clip(codename) }),
    name: clip(values.get('DISTRIB_DESCRIPTION') ?? id),
  };
};
