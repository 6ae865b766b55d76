import type { Scope } from '@parapet/contract/api';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { inScope } from '../people/scope.ts';

/** The caller's scope as a condition on the assets table under an alias. */
export type ScopeFilter = (alias: string) => RawBuilder<SqlBool>;

export const createScopeFilter =
  (scope: Scope): ScopeFilter =>
  (alias) =>
    inScope(scope, sql.ref(`${alias}.id`));
