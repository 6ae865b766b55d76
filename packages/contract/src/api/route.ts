import type { z } from 'zod';

/** What a caller may do. Roles are sets of these; a token carries a subset of its owner's. */
export const permissions = [
  'assets:read',
  'assets:write',
  'findings:read',
  'findings:write',
  'scans:read',
  'scans:write',
  'sensors:read',
  'sensors:write',
  'telemetry:read',
  'feeds:read',
  'feeds:write',
  'people:read',
  'people:write',
  'audit:read',
  'system:read',
  'system:write',
] as const;
export type Permission = (typeof permissions)[number];

export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

const viewer: readonly Permission[] = [
  'assets:read',
  'findings:read',
  'scans:read',
  'sensors:read',
  'feeds:read',
  'system:read',
];
/** Events show what people and programs did in detail: those who only look at the state do not need them. */
const operator: readonly Permission[] = [...viewer, 'assets:write', 'findings:write', 'scans:write', 'telemetry:read'];
export const rolePermissions: Readonly<Record<Role, readonly Permission[]>> = {
  viewer,
  operator,
  admin: permissions,
};

/**
 * Who may call a route. `public`: anyone, rate limited. `session`: anyone signed in. Otherwise the permission; `scoped`
 * routes answer only with what lies within the caller's scope (a label selector).
 */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'session' }
  | { readonly kind: 'permission'; readonly permission: Permission; readonly scoped: boolean };

export type RouteDefinition = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with `:name` parameters. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly access: Access;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Content type of a request body that is streamed instead of parsed as JSON. */
  readonly bodyStream?: string;
  /** The JSON answer; `undefined` for 204. */
  readonly response?: z.ZodType;
  /** Content type of an answer that is no JSON document (a download, an event stream). */
  readonly responseStream?: string;
};

export const anyone: Access = { kind: 'public' };
export const signedIn: Access = { kind: 'session' };
/** Needs a permission and sees only what is in the caller's scope. */
export const scoped = (permission: Permission): Access => ({ kind: 'permission', permission, scoped: true });
/** Needs a permission; what it shows is not tied to assets. */
export const unscoped = (permission: Permission): Access => ({ kind: 'permission', permission, scoped: false });

export const route = <const R extends RouteDefinition>(definition: R): R => definition;

type Input<S> = S extends z.ZodType ? z.input<S> : never;
type Output<S> = S extends z.ZodType ? z.output<S> : never;

/** What a caller sends, and what a handler receives once it is parsed. */
export type RouteInput<R extends RouteDefinition> = {
  [K in 'params' | 'query' | 'body' as R[K] extends z.ZodType ? K : never]: Input<R[K]>;
};
export type RouteParsed<R extends RouteDefinition> = {
  [K in 'params' | 'query' | 'body' as R[K] extends z.ZodType ? K : never]: Output<R[K]>;
};
/** What a handler returns and a caller receives. */
export type RouteResult<R extends RouteDefinition> = R['response'] extends z.ZodType
  ? z.output<R['response']>
  : undefined;
