import { z } from 'zod';

const name = z.string().min(1).max(1024);

/** `manifest.json` of `docker save`. */
export const DockerManifest = z
  .array(z.object({ Config: name, RepoTags: z.array(name).max(1000).nullish(), Layers: z.array(name).max(1000) }))
  .min(1)
  .max(1000);

const Descriptor = z.object({
  mediaType: z.string().max(256).optional(),
  digest: z.string().regex(/^sha(?:256|512):[0-9a-f]{64,128}$/),
  size: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional().catch(undefined),
  platform: z
    .object({ os: z.string().max(64), architecture: z.string().max(64), variant: z.string().max(64).optional() })
    .partial()
    .optional(),
  annotations: z.record(z.string().max(256), z.string().max(4096)).optional(),
});
export type Descriptor = z.infer<typeof Descriptor>;

/** An OCI index, or Docker's list of manifests. */
export const OciIndex = z.object({ manifests: z.array(Descriptor).min(1).max(1000) });

/** An OCI manifest of an image. */
export const OciManifest = z.object({ config: Descriptor, layers: z.array(Descriptor).max(1000) });

/** The image's configuration, the fields that are used. */
export const ImageConfig = z.object({
  os: z.string().max(64).optional(),
  architecture: z.string().max(64).optional(),
  variant: z.string().max(64).optional(),
  created: z.string().max(64).optional().catch(undefined),
  config: z
    .object({ Labels: z.record(z.string(), z.string()).nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
  rootfs: z
    .object({ diff_ids: z.array(z.string().max(256)).max(1000) })
    .partial()
    .optional(),
});
export type ImageConfig = z.infer<typeof ImageConfig>;
