import type { FieldName } from '@parapet/contract/api';
import { stringifySearch } from '../../../lib/search-params.ts';
import type { Span } from '../hunt-search.ts';
import { comparisonOf, narrowed, type PivotValue } from '../pivot.ts';

/** The hunt page for a hunt in a span of time. */
export const huntLink = (q: string, span: Span): string => `/hunt${stringifySearch({ q, ...span })}`;

/** A hunt narrowed by values; one that cannot be said is left out, which finds more and not less. */
export const narrowedBy = (q: string, values: readonly (readonly [FieldName, PivotValue])[]): string =>
  values.reduce((hunt, [field, value]) => {
    const comparison = comparisonOf(field, value);
    return comparison === undefined ? hunt : narrowed(hunt, comparison);
  }, q);
