import { Sbom } from '@parapet/contract/sbom';
import { z } from 'zod';

/** What is known of an upload, as its asset's record. */
export const UploadRecord = z.object({
  kind: z.literal('upload'),
  target: Sbom.shape.target,
  /** Who uploaded it last. */
  by: z.string(),
});
export type UploadRecord = z.infer<typeof UploadRecord>;
