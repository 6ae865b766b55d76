import { type FieldName, telemetryFields } from '@parapet/contract/telemetry';
import type { Hunt, Test } from '../language/hunt.ts';

/** A condition over the store's columns with its values apart: nothing that a person wrote becomes part of the SQL. */
export type Condition = { readonly sql: string; readonly values: readonly Value[] };

export type Value = string | number | boolean;
/** Keeps a value and says what stands for it in the SQL. */
export type Bind = (value: Value) => string;

/** Addresses are kept a second time as text whose order is theirs. */
export const addressColumn = (field: string): string => `${field}#key`;

export const column = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** What a field that an event does not have is equal to is nothing, and so it passes every `!=`. */
export const conditionOf = (hunt: Hunt, bind: Bind): string => {
  switch (hunt.kind) {
    case 'all':
      return 'true';
    case 'and':
    case 'or':
      return `(${hunt.parts.map((part) => conditionOf(part, bind)).join(` ${hunt.kind} `)})`;
    case 'not':
      return `not coalesce(${conditionOf(hunt.part, bind)}, false)`;
    case 'exists':
      return `(${column(hunt.field)} is not null)`;
    case 'test':
      return writeTest(hunt.field, hunt.test, bind);
  }
};

/** Whether texts are read through to judge an event, which costs more than to know whose it is. */
export const isCostly = (hunt: Hunt): boolean => {
  switch (hunt.kind) {
    case 'all':
    case 'exists':
      return false;
    case 'and':
    case 'or':
      return hunt.parts.some(isCostly);
    case 'not':
      return isCostly(hunt.part);
    case 'test':
      return hunt.test.kind === 'matches' || hunt.test.kind === 'wildcard';
  }
};

const writeTest = (field: FieldName, test: Test, bind: Bind): string => {
  const { type } = telemetryFields[field];
  const isList = type === 'keywords' || type === 'ips';
  const name = column(test.kind === 'network' ? addressColumn(field) : field);
  if (!isList) return testOf(name, test, bind);
  if (test.kind === 'equals') return `list_contains(${name}, ${bind(test.value)})`;
  return `(len(list_filter(${name}, lambda x: ${testOf('x', test, bind)})) > 0)`;
};

const testOf = (value: string, test: Test, bind: Bind): string => {
  switch (test.kind) {
    case 'equals':
      return `(${value} = ${bind(test.value)})`;
    case 'wildcard':
      return `(${value} like ${bind(likePattern(test.pattern))} escape '\\')`;
    case 'matches':
      return `regexp_matches(${value}, ${bind(test.pattern)})`;
    case 'network':
      return `(${value} between ${bind(test.from)} and ${bind(test.to)})`;
    case 'range': {
      const ends = [
        ...(test.from === undefined ? [] : [`${value} >= ${bind(test.from)}`]),
        ...(test.to === undefined ? [] : [`${value} <= ${bind(test.to)}`]),
      ];
      return `(${ends.join(' and ')})`;
    }
  }
};

const likePattern = (pattern: string): string =>
  pattern
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_');
