import { z } from 'zod';

const KevEntry = z.object({
  cveID: z.string().regex(/^CVE-\d{4}-\d{4,19}$/),
  vulnerabilityName: z.string().max(1024),
  dateAdded: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
  knownRansomwareCampaignUse: z.string().max(64).optional(),
  requiredAction: z.string().max(8192).optional(),
});

/** CISA's catalogue, the fields that are used. */
export const KevCatalogue = z.object({
  dateReleased: z.string().max(64).optional(),
  vulnerabilities: z.array(KevEntry).min(1).max(100_000),
});
export type KevCatalogue = z.infer<typeof KevCatalogue>;
