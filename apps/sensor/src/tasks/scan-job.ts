import { z } from 'zod';

/** The argument that makes the sensor's entry run one scan and end. */
export const scanChildArgument = 'scan-child';

/** What the parent asks of a scan child, and what it hears back; both cross a process. */
export const ScanJob = z.object({
  target: z.object({ kind: z.enum(['host', 'image', 'container']), name: z.string() }),
  source: z.discriminatedUnion('kind', [
    /** Folders of overlay layers, the uppermost first; one for a plain root. */
    z.object({
      kind: z.literal('folders'),
      folders: z.array(z.string().min(1)).min(1).max(512),
      /** The digest of each folder's layer, in the same order; null for one that belongs to no image. */
      layerDigests: z.array(z.string().max(256).nullable()).max(512).optional(),
    }),
    /** The root of a process in a container; the process is the one that started then. */
    z.object({
      kind: z.literal('process'),
      procPath: z.string().min(1),
      pid: z.number().int().positive(),
      startTicks: z.number().int().nonnegative(),
    }),
    /** An image in the store of containerd, Podman or CRI-O below this folder. */
    z.object({ kind: z.literal('store'), root: z.string().min(1), configDigest: z.string().min(1).max(128) }),
    /** An image as `docker save` writes it. */
    z.object({ kind: z.literal('archive'), path: z.string().min(1) }),
  ]),
  /** Where the compressed document goes. */
  outputPath: z.string().min(1),
});
export type ScanJob = z.infer<typeof ScanJob>;

export const ScanOutcome = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('done'),
    sizeBytes: z.number().int().positive(),
    sha256: z.string(),
    summary: z.string(),
  }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);
export type ScanOutcome = z.infer<typeof ScanOutcome>;
