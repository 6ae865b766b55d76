import { z } from 'zod';
import { Id, Instant, PageQuery, pageOf } from './common.ts';
import { anyone, permissions, roles, route, signedIn, unscoped } from './route.ts';

export const Username = z
  .string()
  .min(2)
  .max(64)
  .regex(/^[A-Za-z0-9._@+-]+$/, 'Letters, digits and . _ @ + - only.');
export const NewPassword = z.string().min(12, 'At least 12 characters.').max(256);
/** Which assets a person or token sees: every named label must have one of its values. Null: all. */
export const Scope = z.record(z.string().max(256), z.array(z.string().max(1024)).min(1)).nullable();
export type Scope = z.infer<typeof Scope>;

export const User = z.object({
  id: Id,
  username: z.string(),
  role: z.enum(roles),
  scope: Scope,
  state: z.enum(['invited', 'active', 'disabled', 'locked']),
  createdAt: Instant,
  lastSeenAt: Instant.optional(),
});
export type User = z.infer<typeof User>;

export const Session = z.object({
  user: User,
  permissions: z.array(z.enum(permissions)),
  console: z.object({ version: z.string(), name: z.string() }),
  expiresAt: Instant,
});
export type Session = z.infer<typeof Session>;

/** A link to be opened once, within its time; its secret is in the URL fragment and never reaches a log. */
export const OneTimeLink = z.object({ url: z.string(), expiresAt: Instant });

export const ApiToken = z.object({
  id: Id,
  name: z.string(),
  role: z.enum(roles),
  permissions: z.array(z.enum(permissions)),
  scope: Scope,
  createdBy: z.string(),
  createdAt: Instant,
  expiresAt: Instant,
  lastUsedAt: Instant.optional(),
  revokedAt: Instant.optional(),
});
export type ApiToken = z.infer<typeof ApiToken>;

export const AuditEntry = z.object({
  id: z.string(),
  at: Instant,
  actor: z.object({ kind: z.enum(['user', 'token', 'sensor', 'system', 'anonymous']), name: z.string() }),
  action: z.string(),
  outcome: z.enum(['succeeded', 'refused', 'failed']),
  target: z.string().optional(),
  address: z.string().optional(),
  details: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const peopleRoutes = {
  'setup.get': route({
    method: 'GET',
    path: '/api/v1/setup',
    summary: 'Whether the first admin is still to be made, and how the console’s command line is called',
    tag: 'people',
    access: anyone,
    response: z.object({
      needed: z.boolean(),
      /** How the command line is called on the console’s machine, e.g. `./parapet`. */
      command: z.string(),
    }),
  }),
  'links.use': route({
    method: 'POST',
    path: '/api/v1/links/use',
    summary: 'Use a one-time link: make the first admin, accept an invitation or reset a password; signs in',
    tag: 'people',
    access: anyone,
    body: z.object({ secret: z.string().max(256), username: Username.optional(), password: NewPassword }),
    response: Session,
  }),
  'links.inspect': route({
    method: 'POST',
    path: '/api/v1/links/inspect',
    summary: 'What a one-time link is for, without using it',
    tag: 'people',
    access: anyone,
    body: z.object({ secret: z.string().max(256) }),
    response: z.object({
      purpose: z.enum(['first-admin', 'invitation', 'reset']),
      username: z.string().optional(),
      expiresAt: Instant,
    }),
  }),
  'session.create': route({
    method: 'POST',
    path: '/api/v1/session',
    summary: 'Sign in',
    tag: 'people',
    access: anyone,
    body: z.object({ username: z.string().max(64), password: z.string().max(256) }),
    response: Session,
  }),
  'session.get': route({
    method: 'GET',
    path: '/api/v1/session',
    summary: 'Who is signed in',
    tag: 'people',
    access: signedIn,
    response: Session,
  }),
  'session.delete': route({
    method: 'DELETE',
    path: '/api/v1/session',
    summary: 'Sign out',
    tag: 'people',
    access: signedIn,
  }),
  'me.password': route({
    method: 'PUT',
    path: '/api/v1/me/password',
    summary: 'Change the own password; ends all other sessions',
    tag: 'people',
    access: signedIn,
    body: z.object({ current: z.string().max(256), next: NewPassword }),
  }),
  'users.list': route({
    method: 'GET',
    path: '/api/v1/users',
    summary: 'People',
    tag: 'people',
    access: unscoped('people:read'),
    response: z.object({ items: z.array(User) }),
  }),
  'users.create': route({
    method: 'POST',
    path: '/api/v1/users',
    summary: 'Invite a person; answers with the one-time link to hand over',
    tag: 'people',
    access: unscoped('people:write'),
    body: z.object({ username: Username, role: z.enum(roles), scope: Scope.default(null) }),
    response: z.object({ user: User, link: OneTimeLink }),
  }),
  'users.update': route({
    method: 'PATCH',
    path: '/api/v1/users/:userId',
    summary: 'Change role, scope or state; ends the person’s sessions',
    tag: 'people',
    access: unscoped('people:write'),
    params: z.object({ userId: Id }),
    body: z.object({
      role: z.enum(roles).optional(),
      scope: Scope.optional(),
      state: z.enum(['active', 'disabled']).optional(),
    }),
    response: User,
  }),
  'users.reset': route({
    method: 'POST',
    path: '/api/v1/users/:userId/reset',
    summary: 'A one-time link to set a new password; unlocks the account when used',
    tag: 'people',
    access: unscoped('people:write'),
    params: z.object({ userId: Id }),
    response: OneTimeLink,
  }),
  'users.delete': route({
    method: 'DELETE',
    path: '/api/v1/users/:userId',
    summary: 'Remove a person; the last active admin cannot be removed',
    tag: 'people',
    access: unscoped('people:write'),
    params: z.object({ userId: Id }),
  }),
  'tokens.list': route({
    method: 'GET',
    path: '/api/v1/tokens',
    summary: 'API tokens',
    tag: 'people',
    access: unscoped('people:read'),
    response: z.object({ items: z.array(ApiToken) }),
  }),
  'tokens.create': route({
    method: 'POST',
    path: '/api/v1/tokens',
    summary: 'Make an API token; its secret is in this answer only',
    tag: 'people',
    access: unscoped('people:write'),
    body: z.object({
      name: z.string().min(1).max(128),
      role: z.enum(roles),
      permissions: z.array(z.enum(permissions)).min(1).optional(),
      scope: Scope.default(null),
      expiresInDays: z.number().int().min(1).max(365).default(90),
    }),
    response: z.object({ token: ApiToken, secret: z.string() }),
  }),
  'tokens.revoke': route({
    method: 'DELETE',
    path: '/api/v1/tokens/:tokenId',
    summary: 'Revoke an API token at once',
    tag: 'people',
    access: unscoped('people:write'),
    params: z.object({ tokenId: Id }),
  }),
  'audit.list': route({
    method: 'GET',
    path: '/api/v1/audit',
    summary: 'What was done and what was refused, newest first',
    tag: 'people',
    access: unscoped('audit:read'),
    query: z.object({
      ...PageQuery,
      q: z.string().max(256).optional(),
      outcome: z.enum(['succeeded', 'refused', 'failed']).optional(),
      since: Instant.optional(),
      until: Instant.optional(),
    }),
    response: pageOf(AuditEntry),
  }),
} as const;
