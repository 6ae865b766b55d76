import {
  AssetKind,
  AssetStatus,
  FindingFilter,
  Instant,
  list,
  Presence,
  ProcessKey,
  ScanState,
  SensorSort,
} from '@parapet/contract/api';
import { z } from 'zod';

/** What each page keeps in its URL, beside the panel and the moment. */
export const findingsSearch = {
  ...FindingFilter,
  by: z.enum(['fix', 'vulnerability', 'asset', 'package', 'none']),
  sort: z.enum(['risk', 'newest', 'cvss']),
} as const;

export const assetsSearch = {
  q: z.string().max(256),
  kind: list(AssetKind),
  status: list(AssetStatus),
  exposure: list(z.string().max(32)),
  hostId: z.uuid(),
  imageId: z.uuid(),
  sort: z.enum(['risk', 'name', 'newest']),
} as const;

const assetTabs = ['overview', 'findings', 'edges', 'processes', 'packages', 'history', 'scans', 'sensor'] as const;
export const assetSearch = {
  tab: z.enum(assetTabs),
  q: z.string().max(256),
  use: list(z.enum(['running', 'loaded', 'installed', 'unknown'])),
  evidence: list(z.enum(['installed', 'locked', 'declared', 'binary'])),
  since: z.uuid(),
} as const;

export const packagesSearch = {
  q: z.string().min(1).max(256),
  match: z.enum(['exact', 'prefix', 'contains']),
  type: list(z.string().max(32)),
  version: z.string().min(1).max(256),
} as const;

export const huntSearch = {
  q: z.string().max(4096),
  last: z.coerce.number().int().min(1).max(43_200),
  since: Instant,
  until: Instant,
  cols: list(z.string().max(64)),
  view: z.literal('tree'),
  tail: z.literal('on'),
} as const;

/** Whose timeline, in which span, and the moment that it is looked at for. */
export const timelineSearch = {
  hostId: z.uuid(),
  process: ProcessKey,
  containerId: z.uuid(),
  last: huntSearch.last,
  since: Instant,
  until: Instant,
  mark: Instant,
} as const;

export const scansSearch = { view: z.literal('policy'), state: list(ScanState), assetId: z.uuid() } as const;
export const sensorsSearch = {
  q: z.string().max(256),
  presence: Presence,
  sort: SensorSort,
  direction: z.enum(['up', 'down']),
} as const;

export const auditSearch = {
  q: z.string().max(256),
  outcome: z.enum(['succeeded', 'refused', 'failed']),
  since: z.iso.datetime(),
  until: z.iso.datetime(),
} as const;
