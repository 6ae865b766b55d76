import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the console needs beside its bundle to hand out sensors: scripts, and the hashes of other processors' packages. */
export const copyDelivery = async (root: string, out: string): Promise<void> => {
  const target = join(out, 'deploy/sensor');
  await rm(target, { recursive: true, force: true });
  await cp(join(root, 'deploy/sensor'), target, { recursive: true });
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string; integrity?: string } | undefined>;
  };
  const locked = platformPackages.flatMap((name) => {
    const found = lock.packages[`node_modules/${name}`];
    return found === undefined ? [] : [{ name, version: found.version, integrity: found.integrity }];
  });
  await writeFile(join(out, 'platform-packages.json'), JSON.stringify(locked, undefined, 1));
};

const platformPackages = ['x64', 'arm64'].flatMap((architecture) => [
  `node-linux-${architecture}`,
  `@koromix/koffi-linux-${architecture}`,
]);

/** The licences of everything that went into the sensor's bundle, for its archive. */
export const writeLicences = async (root: string, out: string, modules: readonly string[]): Promise<void> => {
  const dir = join(out, 'licences');
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  await cp(join(root, 'LICENSE'), join(dir, 'parapet.txt'));
  await cp(join(root, 'node_modules', `node-linux-${process.arch}`, 'LICENSE'), join(dir, 'node.txt'));
  const bundled = modules.flatMap((id) => /^(.*\/node_modules\/(@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? []);
  const texts = await Promise.all([...new Set(bundled)].sort().map(licenceOf));
  await writeFile(join(dir, 'libraries.txt'), texts.join('\n'));
};

const licenceOf = async (packageDir: string): Promise<string> => {
  const { name, version, license } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  const file = (await readdir(packageDir)).find((each) => /^licen[cs]e/i.test(each));
  const text =
    file === undefined ? `${license ?? 'see its package'}\n` : await readFile(join(packageDir, file), 'utf8');
  return `==== ${name} ${version} (${license ?? 'unnamed licence'}) ====\n\n${text}`;
};
