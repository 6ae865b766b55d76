import { type FieldName, type HuntEvent, telemetryFields, tokenize } from '@parapet/contract/api';

/** A value of an event that a hunt can be narrowed by. */
export type PivotValue = string | number | boolean;

/** Values of a field, one by one. */
export const valuesOf = (event: HuntEvent, field: FieldName): readonly PivotValue[] => {
  const value = event[field];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
};

/** A comparison of the hunt language; `undefined` for what it cannot say: a value that is longer than a hunt may be. */
export const comparisonOf = (field: FieldName, value: PivotValue, against = false): string | undefined => {
  const { type } = telemetryFields[field];
  const text = type === 'time' ? new Date(Number(value) / 1000).toISOString() : String(value);
  const isText = type === 'keyword' || type === 'keywords';
  // In a comparison with = these two stand for any text.
  if (isText && /[*?]/.test(text)) {
    const pattern = `^${text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')}$`;
    return pattern.length > maxPattern ? undefined : `${field} ${against ? '!~' : '~'} ${quoted(pattern)}`;
  }
  if (text.length > maxValue) return undefined;
  return `${field} ${against ? '!=' : '='} ${isText ? valueText(text) : text}`;
};

/** A hunt with one more condition. */
export const narrowed = (q: string, comparison: string): string => {
  const current = q.trim();
  if (current === '') return comparison;
  if (hasPart(current, comparison)) return current;
  return `${joinsByOr(current) ? `(${current})` : current} and ${comparison}`;
};

/** A value as the language reads it: a bare word where that is one, quoted otherwise. */
export const valueText = (text: string): string =>
  /^[^\s()=<>!~,"'*?]+$/.test(text) && !/\.\./.test(text) ? text : quoted(text);

const maxValue = 1024;
const maxPattern = 512;

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

const joinsByOr = (q: string): boolean => {
  let depth = 0;
  for (const { kind, text } of tokenize(q)) {
    if (kind === 'open') depth += 1;
    else if (kind === 'close') depth -= 1;
    else if (depth === 0 && kind === 'word' && text.toLowerCase() === 'or') return true;
  }
  return false;
};

const hasPart = (q: string, comparison: string): boolean =>
  !joinsByOr(q) && q.split(/\s+and\s+/i).some((part) => part.trim() === comparison);
