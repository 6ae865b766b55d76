import { type Permission, type Role, rolePermissions, type Scope } from '@parapet/contract/api';
import { forbidden } from '@parapet/core';
import type { Caller } from '../http/handler.ts';

/**
 * Refuses to let a caller hand out, take away or take over what it does not have itself: a token that may only manage
 * people must not become an admin by making one.
 */
export const requireMayGrant = (
  caller: Caller,
  granted: { readonly role: Role; readonly permissions?: ReadonlySet<Permission>; readonly scope: Scope },
): void => {
  const wanted = granted.permissions ?? new Set(rolePermissions[granted.role]);
  const missing = [...wanted].find((permission) => !caller.permissions.has(permission));
  if (missing !== undefined) throw forbidden(`You cannot give what you do not have: ${missing}.`);
  if (caller.scope !== null && JSON.stringify(caller.scope) !== JSON.stringify(granted.scope))
    throw forbidden('You see a part of the assets only, so you cannot give another part.');
};
