import { ok, type Problem, parseJson, type Result } from '@parapet/core';
import type { KnownExploited } from '../../model.ts';
import { KevCatalogue } from './schema.ts';

export type ParsedCatalogue = { readonly entries: readonly KnownExploited[]; readonly releasedAt: string | undefined };

/** Reads CISA's catalogue of known exploited vulnerabilities. */
export const parseKevCatalogue = (text: string): Result<ParsedCatalogue, Problem> => {
  const parsed = parseJson(text, KevCatalogue);
  if (!parsed.ok) return parsed;
  const released = Date.parse(parsed.value.dateReleased ?? '');
  return ok({
    releasedAt: Number.isNaN(released) ? undefined : new Date(released).toISOString(),
    entries: parsed.value.vulnerabilities.map((entry) => ({
      vulnerability: entry.cveID,
      name: entry.vulnerabilityName,
      dateAdded: entry.dateAdded,
      ransomware: entry.knownRansomwareCampaignUse === 'Known',
      ...(entry.requiredAction === undefined ? {} : { requiredAction: entry.requiredAction }),
    })),
  });
};
