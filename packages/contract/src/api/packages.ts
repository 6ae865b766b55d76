import { z } from 'zod';
import { AssetKind, PackageItem } from './assets.ts';
import { Id, Instant, list, PageQuery, pageOf } from './common.ts';
import { route, scoped } from './route.ts';

/** Which packages are meant, over all assets. */
export const PackageFilter = {
  /** Its name or a part of it, in any case. */
  q: z.string().trim().min(1).max(256),
  match: z.enum(['exact', 'prefix', 'contains']).default('contains'),
  /** Kinds of packages: `dpkg`, `apk`, `rpm`, `npm`, … */
  type: list(z.string().max(32)),
  /** A version (`1.2.3`) or bounds that all must hold (`>=2.0 <2.17.1`), in the order of the package's own kind. */
  version: z.string().trim().min(1).max(256).optional(),
} as const;

export const PackageVersion = z.object({
  type: z.string(),
  name: z.string(),
  version: z.string(),
  /** Hosts, images and containers that hold it themselves; a container of an image that does is counted with the image. */
  assets: z.number().int(),
});
export type PackageVersion = z.infer<typeof PackageVersion>;

const NamedAsset = z.object({ id: Id, name: z.string() });

/** One copy of a package: on what, where in it, and what it means there. */
export const PackagePlace = PackageItem.extend({
  id: z.string(),
  asset: NamedAsset.extend({ kind: AssetKind }),
  /** The host of a container. */
  host: NamedAsset.optional(),
  /** The containers of an image that still have it: how many, and some of them. */
  containers: z.object({ count: z.number().int(), some: z.array(NamedAsset) }).optional(),
});
export type PackagePlace = z.infer<typeof PackagePlace>;

/** The packages of an asset as one or more scans found them. */
export const PackageList = z.object({
  id: Id,
  packages: z.number().int(),
  /** When it was found last. */
  at: Instant,
  /** When another list took its place; absent for the present one. */
  replacedAt: Instant.optional(),
});
export type PackageList = z.infer<typeof PackageList>;

export const ChangedPackage = z.object({
  type: z.string(),
  name: z.string(),
  location: z.string(),
  /** Its versions in the earlier and the later list. */
  from: z.array(z.string()),
  to: z.array(z.string()),
});
export type ChangedPackage = z.infer<typeof ChangedPackage>;

const ChangedFindings = z.object({
  total: z.number().int(),
  /** Those with the highest risk. */
  items: z.array(z.object({ id: Id, vulnerability: z.string(), package: z.string(), risk: z.number() })),
});

export const PackageChanges = z.object({
  came: z.array(ChangedPackage),
  went: z.array(ChangedPackage),
  changed: z.array(ChangedPackage),
  /** Changes that are too many to name. */
  untold: z.number().int(),
  /** Findings of the asset that opened or closed meanwhile, by whatever cause. */
  opened: ChangedFindings,
  closed: ChangedFindings,
});
export type PackageChanges = z.infer<typeof PackageChanges>;

const params = z.object({ assetId: Id });

export const packageRoutes = {
  'assets.packageLists': route({
    method: 'GET',
    path: '/api/v1/assets/:assetId/package-lists',
    summary: 'The package list of an asset and the last different ones before it',
    tag: 'assets',
    access: scoped('assets:read'),
    params,
    response: z.object({ items: z.array(PackageList) }),
  }),
  'assets.packageChanges': route({
    method: 'GET',
    path: '/api/v1/assets/:assetId/package-changes',
    summary: 'What came, went and changed between two package lists of an asset',
    tag: 'assets',
    access: scoped('assets:read'),
    params,
    query: z.object({ from: Id, to: Id.optional() }),
    response: PackageChanges,
  }),
  'packages.versions': route({
    method: 'GET',
    path: '/api/v1/packages',
    summary: 'Versions of the packages with a name, and how many assets hold each',
    tag: 'packages',
    access: scoped('assets:read'),
    query: z.object(PackageFilter),
    response: z.object({
      items: z.array(PackageVersion),
      /** More names match than are shown; a longer text finds them. */
      moreNames: z.boolean(),
      /** More versions match than are shown. */
      moreVersions: z.boolean(),
      /** Versions left out because their kind of package has no order that the bounds could be asked in. */
      notCompared: z.number().int(),
    }),
  }),
  'packages.places': route({
    method: 'GET',
    path: '/api/v1/packages/places',
    summary: 'Where packages are, by the risk of the asset',
    tag: 'packages',
    access: scoped('assets:read'),
    query: z.object({ ...PageQuery, ...PackageFilter }),
    response: pageOf(PackagePlace),
  }),
} as const;
