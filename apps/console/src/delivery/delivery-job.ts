import { SensorArchitecture, SensorPackageKind } from '@parapet/contract/api';
import { z } from 'zod';

export type Architecture = SensorArchitecture;
export type PackageKind = z.infer<typeof SensorPackageKind>;

/** What the worker is asked to make. */
export const DeliveryJob = z.object({
  kind: SensorPackageKind,
  architecture: SensorArchitecture,
  version: z.string(),
  programDir: z.string(),
  /** Finished packages go here, named by their hash. */
  packagesDir: z.string(),
  /** For what is fetched and unpacked on the way; emptied by the caller. */
  temporaryDir: z.string(),
  /** What was made before: the same content is not made again. */
  known: z.array(z.object({ id: z.string(), sha256: z.string() })),
});
export type DeliveryJob = z.infer<typeof DeliveryJob>;

/** A finished package. */
export const SensorPackage = z.object({
  kind: SensorPackageKind,
  architecture: SensorArchitecture,
  version: z.string(),
  /** 12 hex digits over all that went in. */
  id: z.string().regex(/^[0-9a-f]{12}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.number().int().positive(),
  /** Unpacked. */
  contentBytes: z.number().int().positive(),
  /** The C library in it, in its own words; absent when it uses the host's. */
  libc: z.string().optional(),
});
export type SensorPackage = z.infer<typeof SensorPackage>;

export const DeliveryWorkerMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('made'), package: SensorPackage }),
  /** The very same is there already. */
  z.object({ kind: z.literal('known'), sha256: z.string() }),
  z.object({ kind: z.literal('failed'), code: z.string(), message: z.string() }),
]);
export type DeliveryWorkerMessage = z.infer<typeof DeliveryWorkerMessage>;
