import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { FindingFilter } from './findings.ts';
import { Scope } from './people.ts';
import { route, scoped } from './route.ts';

export const vexFormats = ['openvex', 'csaf', 'cyclonedx'] as const;
export const VexFormat = z.enum(vexFormats);

/** A document by which somebody says what matters where; https://openvex.dev, CSAF 2.0, CycloneDX. */
export const VexDocumentItem = z.object({
  id: Id,
  format: VexFormat,
  /** Its own name for itself; a document of the same name takes its place. */
  documentId: z.string(),
  author: z.string().optional(),
  /** The file it came from. */
  name: z.string(),
  statements: z.number().int(),
  /** It speaks for the assets that this selector shows; null for all. */
  scope: Scope,
  /** Findings that it rules out, and of which it says something else; absent where that would tell of assets out of sight. */
  ruledOut: z.number().int().optional(),
  otherwiseSpoken: z.number().int().optional(),
  uploadedBy: z.string(),
  uploadedAt: Instant,
  /** Whether the caller's scope lets it be removed. */
  mayRemove: z.boolean(),
});
export type VexDocumentItem = z.infer<typeof VexDocumentItem>;

const params = z.object({ vexId: Id });

export const vexRoutes = {
  'vex.list': route({
    method: 'GET',
    path: '/api/v1/vex',
    summary: 'VEX documents that speak of the caller’s assets, newest first',
    tag: 'findings',
    access: scoped('findings:read'),
    response: z.object({
      items: z.array(VexDocumentItem),
      /** Assets whose findings are still to be looked at again. */
      waiting: z.number().int(),
    }),
  }),
  'vex.upload': route({
    method: 'POST',
    path: '/api/v1/vex',
    summary: 'Take a VEX document (OpenVEX, CSAF, CycloneDX); it speaks for the assets in the caller’s scope',
    tag: 'findings',
    access: scoped('findings:write'),
    query: z.object({ name: z.string().min(1).max(256).default('document') }),
    bodyStream: 'application/octet-stream',
    response: z.object({
      outcome: z.enum(['new', 'replaced', 'unchanged']),
      document: VexDocumentItem,
      /** Assets whose findings are looked at again because of it. */
      assets: z.number().int(),
    }),
  }),
  'vex.download': route({
    method: 'GET',
    path: '/api/v1/vex/:vexId',
    summary: 'A VEX document as it was uploaded',
    tag: 'findings',
    access: scoped('findings:read'),
    params,
    responseStream: 'application/json',
  }),
  'vex.remove': route({
    method: 'DELETE',
    path: '/api/v1/vex/:vexId',
    summary: 'Remove a VEX document; what it ruled out returns',
    tag: 'findings',
    access: scoped('findings:write'),
    params,
  }),
  'findings.vex': route({
    method: 'GET',
    path: '/api/v1/findings/vex',
    summary: 'What the console says of findings under a filter, as a VEX document; at most 20,000',
    tag: 'findings',
    access: scoped('findings:read'),
    query: z.object({ ...FindingFilter, format: VexFormat.default('openvex') }),
    responseStream: 'application/json',
  }),
} as const;
