import { writeFileSync } from 'node:fs';
import { bulkLimits } from '@parapet/contract/wire';
import { messageOf, ok, type Problem, type Result } from '@parapet/core';
import { returnFreedMemoryEarly, trimMemory } from '@parapet/kernel';
import {
  createSbom,
  type FileSystem,
  openDirectory,
  openImageArchive,
  openLayers,
  openLocalImage,
} from '@parapet/sbom';
import { writeCompressedDocument } from './compressed-document.ts';
import { opaqueTest } from './opaque-test.ts';
import { openProcessRoot } from './process-root.ts';
import { ScanJob, type ScanOutcome } from './scan-job.ts';

/** Waits for its job on the IPC channel, does it, answers and ends. */
export const runScanChild = (): void => {
  offerToMemoryPressure();
  returnFreedMemoryEarly();
  setInterval(trimMemory, trimEveryMs).unref();
  process.once('message', (raw) => {
    void scan(raw).then((outcome) => {
      process.send?.(outcome, () => process.exit(0));
    });
  });
  process.once('disconnect', () => process.exit(1));
};

/** Half of an idle child is program text that each file touches other parts of; dropping what is not needed takes some 5 ms. */
const trimEveryMs = 2000;

/** Should the host run out of memory, a scan goes before any workload. */
const offerToMemoryPressure = (): void => {
  try {
    writeFileSync('/proc/self/oom_score_adj', '800');
  } catch {
    // No /proc to write to: then the kernel chooses without our word.
  }
};

const scan = async (raw: unknown): Promise<ScanOutcome> => {
  try {
    const job = ScanJob.parse(raw);
    const opened = await openSource(job);
    if (!opened.ok) return { kind: 'failed', message: opened.error.message };
    await using fileSystem = opened.value.fileSystem;
    const sbom = await createSbom({ target: job.target, fileSystem, problems: opened.value.problems });
    trimMemory();
    const written = await writeCompressedDocument(job.outputPath, sbom, bulkLimits.transferBytes);
    if (!written.ok) return { kind: 'failed', message: written.error.message };
    return {
      kind: 'done',
      ...written.value,
      summary: `${sbom.packages.length} packages, ${sbom.status}`,
    };
  } catch (error) {
    return { kind: 'failed', message: messageOf(error).slice(0, 1000) };
  }
};

type OpenedSource = { readonly fileSystem: FileSystem; readonly problems: readonly Problem[] };

const openSource = async ({ target, source }: ScanJob): Promise<Result<OpenedSource, Problem>> => {
  if (source.kind === 'archive') return openImageArchive(source.path);
  if (source.kind === 'store') {
    return openLocalImage(source.configDigest, { roots: [source.root], isOpaque: await opaqueTest() });
  }
  if (source.kind === 'process') {
    const opened = await openProcessRoot(source, target.name);
    return opened.ok ? ok({ fileSystem: opened.value, problems: [] }) : opened;
  }
  const [root] = source.folders;
  if (target.kind === 'host' && root !== undefined) {
    // A host has file systems of the kernel, of other machines and of containers mounted in it: they are left out.
    const host = await openDirectory(root);
    return host.ok ? ok({ fileSystem: host.value, problems: [] }) : host;
  }
  const layers = source.folders.length > 1 ? { isOpaque: await opaqueTest() } : {};
  const layerDigests = (source.layerDigests ?? []).map((digest) => digest ?? undefined);
  const opened = await openLayers(source.folders, { description: target.name, layerDigests, ...layers });
  return opened.ok ? ok({ fileSystem: opened.value, problems: [] }) : opened;
};
