import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createSbom, openDirectory, openImageArchive } from '../packages/sbom/src/index.ts';
import { berkeleyDatabase, rpmHeader } from '../packages/sbom/src/testing/rpm.ts';
import { tarMember } from '../packages/sbom/src/testing/tar.ts';
import { zipOf } from '../packages/sbom/src/testing/zip.ts';

/** The synthetic image of the design: three million empty files. */
const fileCount = 3_000_000;
const layerBytes = 6 * 1024 ** 3;
const rounds = 5;

const archiveCount = 2000;

/**
 * Parts by name, all without any: `root[=PATH]` (a root, `/` by default), `modules` (this repository with its node_modules), `jars`
 * (2,000 archives of Java), `alpine` and `rpm` (roots of 300 and 600 invented packages), `files` (an image of three million
 * files around one package database), `layer` (an image of one layer of 6 GB), `image=FOLDER` (any unpacked `docker save`). Peak
 * memory is that of the process, so parts run one by one have their own; `files` and `layer` scan in a process of their own.
 */
export const run = async (args: readonly string[]): Promise<Figures> => {
  const chosen = args.length === 0 ? Object.keys(parts) : args;
  let figures: Figures = {};
  for (const argument of chosen) {
    const [name = '', value] = argument.split('=', 2);
    const part = parts[name];
    if (part === undefined) throw new Error(`No part ${name}; there are ${Object.keys(parts).join(', ')}.`);
    const measured = await part(value);
    figures = { ...figures, ...prefixed(name, { peakRssMb: maxRssMb(), ...measured }) };
  }
  return figures;
};

type Figures = Record<string, number | string>;

const maxRssMb = (): number => process.resourceUsage().maxRSS / 1000;

const prefixed = (name: string, figures: Readonly<Figures>): Figures =>
  Object.fromEntries(
    Object.entries(figures).map(([key, value]) => [`${name}${key.charAt(0).toUpperCase()}${key.slice(1)}`, value]),
  );

const measureArchives = (): Promise<Figures> =>
  inFolder('jars', async (folder) => {
    for (let index = 0; index < archiveCount; index += 1) {
      const record = `groupId=org.sample\nartifactId=part${index}\nversion=1.0.${index}\n`;
      const classes = Object.fromEntries(
        Array.from({ length: 50 }, (_, number) => [`org/sample/Class${number}.class`, Buffer.alloc(2000, number)]),
      );
      const jar = zipOf({ [`META-INF/maven/org.sample/part${index}/pom.properties`]: record, ...classes });
      await writeFile(join(folder, `part${index}-1.0.${index}.jar`), jar);
    }
    return measureRoot(folder, 'directory');
  });

const measureRoot = async (root: string, kind: 'host' | 'directory'): Promise<Figures> => {
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

const measureAlpine = (): Promise<Figures> =>
  inFolder('alpine', async (folder) => {
    const stanzas = Array.from({ length: 300 }, (_, index) => {
      const files = Array.from({ length: 40 }, (_, number) => `R:file${number}.so\n`).join('');
      return `P:part${index}\nV:1.0.${index}-r0\nA:x86_64\nL:MIT\no:part${index}\nF:usr/lib/part${index}\n${files}\n`;
    });
    await mkdir(join(folder, 'lib/apk/db'), { recursive: true });
    await mkdir(join(folder, 'etc'));
    await writeFile(join(folder, 'lib/apk/db/installed'), stanzas.join(''));
    await writeFile(join(folder, 'etc/os-release'), 'ID=alpine\nVERSION_ID=3.22.1\n');
    return measureRoot(folder, 'host');
  });

const measureRpm = (): Promise<Figures> =>
  inFolder('rpm', async (folder) => {
    const headers = Array.from({ length: 600 }, (_, index) =>
      rpmHeader({
        name: `part${index}`,
        version: `1.0.${index}`,
        release: '1.el9',
        licence: 'MIT',
        sourceRpm: `part${index}-1.0.${index}-1.el9.src.rpm`,
        description: 'x'.repeat(4000),
        files: Array.from({ length: 60 }, (_, number) => ({
          path: `/usr/lib64/part${index}/${number}.so`,
          mode: 0o100755,
        })),
      }),
    );
    await mkdir(join(folder, 'var/lib/rpm'), { recursive: true });
    await mkdir(join(folder, 'etc'));
    await writeFile(join(folder, 'var/lib/rpm/Packages'), berkeleyDatabase(headers));
    await writeFile(join(folder, 'etc/os-release'), 'ID=rocky\nVERSION_ID=9.4\n');
    return measureRoot(folder, 'host');
  });

const inFolder = async (name: string, measure: (folder: string) => Promise<Figures>): Promise<Figures> => {
  const folder = await mkdtemp(join(tmpdir(), `parapet-bench-${name}-`));
  try {
    return await measure(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Scans an unpacked `docker save` of one package. */
const measureImage = async (folder: string): Promise<Figures> => {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const opened = await openImageArchive(folder);
  if (!opened.ok) throw new Error(opened.error.message);
  await using fileSystem = opened.value.fileSystem;
  const target = { kind: 'image', name: 'synthetic' } as const;
  const sbom = await createSbom({ target, fileSystem, problems: opened.value.problems });
  if (sbom.packages.length !== 1 || sbom.status !== 'succeeded') throw new Error('The image was not read to its end.');
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
};

/** Writes an image and scans it in a process of its own, so that the peak of memory is the scan's. */
const measureMade = (writeLayer: (path: string) => Promise<void>, figures: Figures): Promise<Figures> =>
  inFolder('image', async (folder) => {
    await writeImage(folder, writeLayer);
    const program = [join(import.meta.dirname, 'run.ts'), 'sbom', `image=${folder}`];
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, ...program]);
    const { imageSeconds, imageCpuSeconds, imagePeakRssMb } = JSON.parse(stdout).figures;
    return { ...figures, seconds: imageSeconds, cpuSeconds: imageCpuSeconds, peakRssMb: imagePeakRssMb };
  });

/** An unpacked `docker save` with one layer, whose last file is the package database. */
const writeImage = async (folder: string, writeLayer: (path: string) => Promise<void>): Promise<void> => {
  const config = Buffer.from('{"os":"linux","architecture":"amd64"}');
  const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
  await mkdir(join(folder, 'layer'));
  await writeFile(join(folder, configName), config);
  await writeFile(
    join(folder, 'manifest.json'),
    JSON.stringify([{ Config: configName, RepoTags: [], Layers: ['layer/layer.tar'] }]),
  );
  await writeLayer(join(folder, 'layer', 'layer.tar'));
};

const filesPerChunk = 2000;

const writeEmptyFiles = (path: string): Promise<void> => pipeline(Readable.from(emptyFiles()), createWriteStream(path));

function* emptyFiles(): Generator<Buffer> {
  for (let start = 0; start < fileCount; start += filesPerChunk) {
    yield Buffer.concat(
      Array.from({ length: filesPerChunk }, (_, index) => tarMember({ path: `srv/data/${start + index}` })).flat(),
    );
  }
  yield lastBlocks();
}

const largeFileBytes = 256 * 1024 * 1024;

/** 24 files that nobody wants, which are passed over as they stream by. Their zeros are holes of the file: it takes no disk. */
const writeLargeFiles = async (path: string): Promise<void> => {
  await using file = await open(path, 'w');
  let at = 0;
  for (let index = 0; index < layerBytes / largeFileBytes; index += 1) {
    const [header = Buffer.alloc(0)] = tarMember({ path: `srv/data/${index}.bin` });
    header.write(`${largeFileBytes.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    await file.write(header, 0, header.length, at);
    at += header.length + largeFileBytes;
  }
  const last = lastBlocks();
  await file.write(last, 0, last.length, at);
};

const lastBlocks = (): Buffer => {
  const status = 'Package: sample\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n';
  return Buffer.concat([...tarMember({ path: 'var/lib/dpkg/status', content: status }), Buffer.alloc(1024)]);
};

const parts: Readonly<Record<string, (value: string | undefined) => Promise<Figures>>> = {
  root: (path) => measureRoot(path ?? '/', 'host'),
  modules: () => measureRoot('.', 'directory'),
  jars: measureArchives,
  alpine: measureAlpine,
  rpm: measureRpm,
  files: () => measureMade(writeEmptyFiles, { count: fileCount }),
  layer: () => measureMade(writeLargeFiles, { bytes: layerBytes }),
  image: async (folder) => (folder === undefined ? {} : measureImage(folder)),
};
