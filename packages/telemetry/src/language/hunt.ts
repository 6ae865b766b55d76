import type { FieldName } from '@parapet/contract/telemetry';

/** A hunt as a tree: what an event must be to be shown. Every field and value in it was checked against the table of fields. */
export type Hunt =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Hunt[] }
  | { readonly kind: 'not'; readonly part: Hunt }
  | { readonly kind: 'exists'; readonly field: FieldName }
  | { readonly kind: 'test'; readonly field: FieldName; readonly test: Test };

/** For a field that is a list, one of its elements must pass. */
export type Test =
  | { readonly kind: 'equals'; readonly value: string | number | boolean }
  /** `*` stands for any text, `?` for one character. */
  | { readonly kind: 'wildcard'; readonly pattern: string }
  /** Syntax of RE2, whose time is bounded by the length of what it reads. */
  | { readonly kind: 'matches'; readonly pattern: string }
  /** Numbers and times; both ends belong to it. */
  | { readonly kind: 'range'; readonly from?: number; readonly to?: number }
  /** Addresses from one to another, both as 32 hex digits of their IPv6 form. */
  | { readonly kind: 'network'; readonly from: string; readonly to: string };

/** A hunt that cannot be read: where and why, in words for the person who wrote it. */
export type HuntError = {
  readonly code: 'bad-hunt';
  readonly message: string;
  /** Characters from the beginning. */
  readonly at: number;
  /** What could stand there, best first. */
  readonly suggestions: readonly string[];
};

export const huntLimits = {
  characters: 4096,
  /** Brackets and `not` inside each other. */
  depth: 32,
  comparisons: 64,
  /** Values in one list. */
  values: 256,
  /** A regular expression. */
  patternCharacters: 512,
} as const;
