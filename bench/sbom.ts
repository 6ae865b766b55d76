import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createSbom, openDirectory, openImageArchive } from '../packages/sbom/src/index.ts';
import { tarMember } from '../packages/sbom/src/testing/tar.ts';
import { zipOf } from '../packages/sbom/src/testing/zip.ts';

/** The synthetic image of the design: three million empty files. */
const fileCount = 3_000_000;
const rounds = 5;

const archiveCount = 2000;

/**
 * The SBOM of a root (argument, `/` by default), of this repository with its node_modules, of a folder of 2,000 archives of Java,
 * and of an image of three million files around one package database. CPU time is that of the process, first rounds included.
 */
export const run = async (args: readonly string[]): Promise<Record<string, number | string>> => {
  const root = await measureRoot(args[0] ?? '/', 'host');
  const rootRssMb = maxRssMb();
  const modules = await measureRoot('.', 'directory');
  const archives = await measureArchives();
  const archivesRssMb = maxRssMb();
  const image = await measureImage();
  return {
    ...root,
    rootRssMb,
    ...prefixed('modules', modules),
    ...prefixed('archives', archives),
    archivesRssMb,
    ...image,
    peakRssMb: maxRssMb(),
  };
};

const maxRssMb = (): number => process.resourceUsage().maxRSS / 1000;

const prefixed = (name: string, figures: Readonly<Record<string, number | string>>): Record<string, number | string> =>
  Object.fromEntries(
    Object.entries(figures).map(([key, value]) => [`${name}${key.charAt(0).toUpperCase()}${key.slice(1)}`, value]),
  );

const measureArchives = async (): Promise<Record<string, number | string>> => {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-bench-jars-'));
  try {
    for (let index = 0; index < archiveCount; index += 1) {
      const record = `groupId=org.sample\nartifactId=part${index}\nversion=1.0.${index}\n`;
      const classes = Object.fromEntries(
        Array.from({ length: 50 }, (_, number) => [`org/sample/Class${number}.class`, Buffer.alloc(2000, number)]),
      );
      const jar = zipOf({ [`META-INF/maven/org.sample/part${index}/pom.properties`]: record, ...classes });
      await writeFile(join(folder, `part${index}-1.0.${index}.jar`), jar);
    }
    return await measureRoot(folder, 'directory');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const measureRoot = async (root: string, kind: 'host' | 'directory'): Promise<Record<string, number | string>> => {
  const cpu = process.cpuUsage();
  const times: number[] = [];
  let packages = 0;
  let status = '';
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    const opened = await openDirectory(root);
    if (!opened.ok) throw new Error(opened.error.message);
    await using fileSystem = opened.value;
    const sbom = await createSbom({ target: { kind, name: root }, fileSystem });
    times.push(performance.now() - start);
    packages = sbom.packages.length;
    status = sbom.status;
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    root,
    status,
    cpuMs: (user + system) / 1000 / rounds,
    packages,
    firstMs: times[0] ?? 0,
    sbomMs: times.toSorted((a, b) => a - b)[rounds >> 1] ?? 0,
  };
};

const measureImage = async (): Promise<Record<string, number>> => {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-bench-sbom-'));
  try {
    await writeImage(folder);
    const start = performance.now();
    const opened = await openImageArchive(folder);
    if (!opened.ok) throw new Error(opened.error.message);
    await using fileSystem = opened.value.fileSystem;
    const sbom = await createSbom({
      target: { kind: 'image', name: 'synthetic' },
      fileSystem,
      problems: opened.value.problems,
    });
    if (sbom.packages.length !== 1 || sbom.status !== 'succeeded')
      throw new Error('The image was not read to its end.');
    return { imageFiles: fileCount, imageSeconds: (performance.now() - start) / 1000 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** An unpacked `docker save` with one layer, whose last file is the package database. */
const writeImage = async (folder: string): Promise<void> => {
  const config = Buffer.from('{"os":"linux","architecture":"amd64"}');
  const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
  await mkdir(join(folder, 'layer'));
  await writeFile(join(folder, configName), config);
  await writeFile(
    join(folder, 'manifest.json'),
    JSON.stringify([{ Config: configName, RepoTags: [], Layers: ['layer/layer.tar'] }]),
  );
  await pipeline(Readable.from(layerBlocks()), createWriteStream(join(folder, 'layer', 'layer.tar')));
};

const filesPerChunk = 2000;

function* layerBlocks(): Generator<Buffer> {
  for (let start = 0; start < fileCount; start += filesPerChunk) {
    yield Buffer.concat(
      Array.from({ length: filesPerChunk }, (_, index) => tarMember({ path: `srv/data/${start + index}` })).flat(),
    );
  }
  const status = 'Package: sample\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n';
  yield Buffer.concat([...tarMember({ path: 'var/lib/dpkg/status', content: status }), Buffer.alloc(1024)]);
}
