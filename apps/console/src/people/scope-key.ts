import type { Scope } from '@parapet/contract/api';

/** Equal for selectors that select the same; empty for all. */
export const scopeKeyOf = (scope: Scope): string =>
  scope === null
    ? ''
    : JSON.stringify(
        Object.entries(scope)
          .map(([label, values]) => [label, values.toSorted()] as const)
          .toSorted(([a], [b]) => (a < b ? -1 : 1)),
      );
