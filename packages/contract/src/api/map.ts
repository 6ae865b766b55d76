import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { route, scoped } from './route.ts';

/**
 * The map shows one view at a time, small enough to draw (at most 2,000 marks). The server groups what the view does not
 * open: groups stand for their members. Node ids are stable, so that a client keeps positions:
 * `internet`, `outside` (what the caller's scope hides), `peer:<zone>|<address>`, `peers:<zone>|<block>`, `zone:<name>`,
 * `hosts:<zone>|<group>`, `host:<uuid>`, `container:<uuid>`, `containers:<host uuid>|<image uuid>|<name>` (replicas),
 * `service:<host or container uuid>|<program>`, `process:<host uuid>|<key>`. Names in them are escaped: compare ids, never take
 * them apart.
 */
export const MapNode = z.object({
  id: z.string(),
  kind: z.enum([
    'internet',
    'peer',
    'peer-group',
    'zone',
    'host-group',
    'host',
    'container',
    'container-group',
    'service',
    'process',
  ]),
  label: z.string(),
  /** One short line under the label, e.g. `nginx :443` or `14 containers`. */
  detail: z.string().optional(),
  /** The node it lies in, when that is drawn as an outline. */
  parent: z.string().optional(),
  /** How many it stands for; 1 for itself. */
  count: z.number().int(),
  status: z.enum(['running', 'stopped', 'unknown', 'gone', 'present']),
  risk: z.number().optional(),
  exposed: z.boolean(),
  /** Open listening ports, lowest first, at most 8. */
  ports: z.array(
    z.object({ protocol: z.enum(['tcp', 'udp']), port: z.number().int(), process: z.string().optional() }),
  ),
  /** Whether opening it shows more. */
  opens: z.boolean(),
  assetId: Id.optional(),
  startedAt: Instant.optional(),
  /** From when on nothing is heard of a host. */
  silentSince: Instant.optional(),
});
export type MapNode = z.infer<typeof MapNode>;

/** Edges between the same two nodes are bundled. */
export const MapEdge = z.object({
  id: z.string(),
  source: z.string(),
  target: z.string(),
  /** Server ports, busiest first, at most 8. */
  ports: z.array(z.object({ protocol: z.enum(['tcp', 'udp']), port: z.number().int() })),
  /** How many graph edges it stands for. */
  count: z.number().int(),
  connections: z.number().int(),
  bytes: z.number().optional(),
  risk: z.number().optional(),
  /** Seen within the last 5 minutes of the shown moment. */
  active: z.boolean(),
  startedAt: Instant.optional(),
});
export type MapEdge = z.infer<typeof MapEdge>;

export const MapView = z.object({
  /** The moment shown: now for a live view. */
  at: Instant,
  live: z.boolean(),
  /** Changes whenever the view does; compare to know whether anything moved. */
  version: z.string(),
  /** From the fleet down to what is open. */
  trail: z.array(z.object({ id: z.string(), label: z.string() })),
  nodes: z.array(MapNode),
  edges: z.array(MapEdge),
  /** What stands behind the view in all. */
  behind: z.object({ nodes: z.number().int(), edges: z.number().int() }),
  /** Hosts that were silent at this moment. */
  silentHosts: z.number().int(),
  /** What was left out because a view has its limits: the thinnest edges, the least important nodes. Absent when nothing was. */
  left: z.object({ nodes: z.number().int(), edges: z.number().int() }).optional(),
  /** The view still has the version that the caller named as `known`; nodes and edges are then empty. */
  unchanged: z.boolean().optional(),
});
export type MapView = z.infer<typeof MapView>;

export const mapRoutes = {
  'map.view': route({
    method: 'GET',
    path: '/api/v1/map',
    summary: 'The nodes and edges of one view, now or at a moment',
    tag: 'map',
    access: scoped('assets:read'),
    query: z.object({
      /** Node ids that are open, e.g. a zone, a host or a container; the fleet when empty. */
      open: z
        .preprocess(
          (v) => (v === undefined || v === '' ? [] : Array.isArray(v) ? v : String(v).split(',')),
          z.array(z.string().max(256)).max(16),
        )
        .default([]),
      /** Show only the neighbourhood of this node, `hops` edges around it. */
      focus: z.string().max(256).optional(),
      hops: z.coerce.number().int().min(1).max(4).default(1),
      /** Show only the observed ways from the Internet to this asset. */
      route: Id.optional(),
      at: Instant.optional(),
      /** The version that the caller shows; an unchanged view is then not sent again. */
      known: z.string().max(64).optional(),
    }),
    response: MapView,
  }),
  'map.edge': route({
    method: 'GET',
    path: '/api/v1/map/edge',
    summary: 'The graph edges that a drawn edge bundles',
    tag: 'map',
    access: scoped('assets:read'),
    query: z.object({ source: z.string().max(256), target: z.string().max(256), at: Instant.optional() }),
    response: z.object({
      items: z.array(
        z.object({
          id: z.string(),
          source: z.string(),
          sourceProcess: z.string().optional(),
          target: z.string(),
          targetProcess: z.string().optional(),
          protocol: z.enum(['tcp', 'udp']),
          port: z.number().int(),
          publishedPort: z.number().int().optional(),
          connections: z.number().int(),
          bytesSent: z.number().optional(),
          bytesReceived: z.number().optional(),
          firstSeenAt: Instant,
          lastSeenAt: Instant,
          addresses: z.array(z.string()).optional(),
          addressCount: z.number().int().optional(),
        }),
      ),
      cut: z.boolean(),
    }),
  }),
  'map.path': route({
    method: 'GET',
    path: '/api/v1/map/path',
    summary: 'The shortest observed ways from the Internet to an asset, with ports and the worst finding on each step',
    tag: 'map',
    access: scoped('assets:read'),
    query: z.object({ assetId: Id, at: Instant.optional() }),
    response: z.object({
      /** Empty when no way was seen. Each path begins at `internet`. */
      paths: z.array(
        z.object({
          steps: z.array(
            z.object({
              nodeId: z.string(),
              label: z.string(),
              protocol: z.enum(['tcp', 'udp']).optional(),
              port: z.number().int().optional(),
              connections: z.number().int().optional(),
              risk: z.number().optional(),
            }),
          ),
        }),
      ),
    }),
  }),
  'map.changes': route({
    method: 'GET',
    path: '/api/v1/map/changes',
    summary: 'How much changed over time, for the time strip, with the spans in which we were blind',
    tag: 'map',
    access: scoped('assets:read'),
    query: z.object({ from: Instant, to: Instant, buckets: z.coerce.number().int().min(1).max(500).default(96) }),
    response: z.object({
      from: Instant,
      to: Instant,
      bucketMs: z.number(),
      /** Appeared and gone, per bucket. */
      buckets: z.array(z.object({ at: Instant, appeared: z.number().int(), gone: z.number().int() })),
      blind: z.array(z.object({ from: Instant, to: Instant.optional(), hosts: z.number().int() })),
      /** The earliest moment that can be drawn. */
      earliest: Instant.optional(),
    }),
  }),
} as const;
