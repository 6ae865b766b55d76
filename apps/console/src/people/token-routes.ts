import { badRequest, forbidden } from '@parapet/core';
import { actorOf } from '../http/audit-requests.ts';
import type { Caller, RouteHandlers } from '../http/handler.ts';
import { requireMayGrant } from './grants.ts';
import type { SessionRouteDeps } from './session-routes.ts';
import { type Tokens, tokenPermissions } from './tokens.ts';

type Names = 'tokens.list' | 'tokens.create' | 'tokens.revoke';

export const createTokenRoutes = (
  deps: Pick<SessionRouteDeps, 'audit' | 'credentialEnds'> & { readonly tokens: Tokens },
): Pick<RouteHandlers, Names> => ({
  'tokens.list': async () => ({ items: [...(await deps.tokens.list())] }),
  'tokens.create': async (request) => {
    const { name, role, scope, expiresInDays } = request.body;
    const permissions = tokenPermissions(role, request.body.permissions);
    if (permissions.size === 0)
      throw badRequest(
        'no-permission',
        `The role ${role} has none of these permissions, so the token could do nothing.`,
      );
    if (scope !== null && permissions.has('people:write'))
      throw badRequest(
        'scoped-admin',
        'A token that manages people could lift its own scope. Give it one or the other.',
      );
    requireMayGrant(request.caller, { role, permissions, scope });
    const made = await deps.tokens.create({
      name,
      role,
      permissions: [...permissions],
      scope,
      expiresInDays,
      createdBy: personBehind(request.caller),
    });
    await deps.audit.record({
      actor: actorOf(request.caller),
      action: 'tokens.create',
      outcome: 'succeeded',
      target: name,
      address: request.address,
      details: { id: made.token.id, role, permissions: made.token.permissions, scope, expiresInDays },
    });
    return made;
  },
  'tokens.revoke': async (request) => {
    const token = await deps.tokens.revoke(request.params.tokenId);
    deps.credentialEnds.announce({ tokenId: token.id });
    await deps.audit.record({
      actor: actorOf(request.caller),
      action: 'tokens.revoke',
      outcome: 'succeeded',
      target: token.name,
      address: request.address,
      details: { id: token.id },
    });
    return undefined;
  },
});

/** A token ends with the person who made it, so a person must have made it: tokens do not multiply by themselves. */
const personBehind = (caller: Caller): { readonly id: string; readonly name: string } => {
  if (caller.kind !== 'user') throw forbidden('Tokens are made by people who signed in, not by other tokens.');
  return { id: caller.id, name: caller.name };
};
