import { conflict } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import { actorOf } from '../http/audit-requests.ts';
import type { HandlerRequest, RouteHandlers } from '../http/handler.ts';
import { requireMayGrant } from './grants.ts';
import type { LinkRouteDeps } from './link-routes.ts';
import { changeUser, deleteUser, findUser, insertUser, listUsers, presentUser, type UserRow } from './users.ts';

type Names = 'users.list' | 'users.create' | 'users.update' | 'users.reset' | 'users.delete';

export const createUserRoutes = (deps: LinkRouteDeps): Pick<RouteHandlers, Names> => {
  const present = (row: UserRow) => presentUser(row, deps.clock.now());
  return {
    'users.list': async () => ({ items: (await listUsers(deps.db)).map(present) }),
    'users.create': async (request) => {
      const { username, role, scope } = request.body;
      requireMayGrant(request.caller, { role, scope });
      const made = await deps.db.transaction().execute(async (transaction) => {
        const user = await insertUser(transaction, deps.clock, { username, role, scope, state: 'invited' });
        return { user, link: await deps.links.issue(transaction, 'invitation', user.id) };
      });
      await record(deps.audit, request, 'users.create', made.user, { role, scope });
      return { user: present(made.user), link: made.link };
    },
    'users.update': async (request) => {
      const change = request.body;
      const before = await findUser(deps.db, request.params.userId);
      requireMayGrant(request.caller, before);
      requireMayGrant(request.caller, {
        role: change.role ?? before.role,
        scope: change.scope === undefined ? before.scope : change.scope,
      });
      const user = await deps.db.transaction().execute(async (transaction) => {
        const changed = await changeUser(transaction, before.id, change);
        await deps.sessions.endAll(transaction, before.id);
        return changed;
      });
      deps.credentialEnds.announce({ userId: user.id });
      await record(deps.audit, request, 'users.update', user, { ...change });
      return present(user);
    },
    'users.reset': async (request) => {
      const user = await findUser(deps.db, request.params.userId);
      requireMayGrant(request.caller, user);
      if (user.state === 'disabled')
        throw conflict('disabled', 'This account is disabled. Enable it first, then reset its password.');
      const link = await deps.links.issue(deps.db, user.state === 'invited' ? 'invitation' : 'reset', user.id);
      await record(deps.audit, request, 'users.reset', user, {});
      return link;
    },
    'users.delete': async (request) => {
      requireMayGrant(request.caller, await findUser(deps.db, request.params.userId));
      const user = await deps.db.transaction().execute(async (transaction) => {
        // Its tokens stop with it; they stay listed, so that it is seen why.
        await transaction
          .updateTable('api_tokens')
          .set({ revoked_at: new Date(deps.clock.now()) })
          .where('created_by', '=', request.params.userId)
          .where('revoked_at', 'is', null)
          .execute();
        return deleteUser(transaction, request.params.userId);
      });
      deps.credentialEnds.announce({ userId: user.id });
      await record(deps.audit, request, 'users.delete', user, {});
      return undefined;
    },
  };
};

const record = (
  audit: AuditLog,
  request: Pick<HandlerRequest<'users.delete'>, 'caller' | 'address'>,
  action: Names,
  user: UserRow,
  details: Readonly<Record<string, unknown>>,
): Promise<void> =>
  audit.record({
    actor: actorOf(request.caller),
    action,
    outcome: 'succeeded',
    target: user.username,
    address: request.address,
    details: { ...details },
  });
