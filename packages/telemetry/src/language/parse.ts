import {
  eventActions,
  type Field,
  type FieldName,
  type Operator,
  type Token,
  telemetryFields,
  tokenize,
} from '@parapet/contract/telemetry';
import { fail, ok, type Result } from '@parapet/core';
import { addressRange } from './address-range.ts';
import { type Hunt, type HuntError, huntLimits, type Test } from './hunt.ts';

/**
 * Reads a hunt:
 *
 * ```
 *  any     = both { "or" both }
 *  both    = one { "and" one }
 *  one     = "not" one | "(" any ")" | field test
 *  test    = operator value | "in" "(" value { "," value } ")" | "exists"
 *  operator: = != (with * and ? as wildcards) > >= < <= ~ !~ (regular expression)
 *  value: a word or "text"; 1..1024 for a range; 10.0.0.0/8 for addresses; 2026-11-28T10:00:00Z for times
 * ```
 * `and`, `or`, `not`, `in` and `exists` may be written in any case. An empty hunt wants every event.
 */
export const parseHunt = (text: string): Result<Hunt, HuntError> => {
  if (text.length > huntLimits.characters)
    return fail(errorAt(huntLimits.characters, `A hunt has at most ${huntLimits.characters} characters.`));
  try {
    return ok(readAll(tokenize(text)));
  } catch (error) {
    if (error instanceof Refusal) return fail(error.error);
    throw error;
  }
};

class Refusal extends Error {
  readonly error: HuntError;

  constructor(error: HuntError) {
    super(error.message);
    this.error = error;
  }
}

const errorAt = (at: number, message: string, suggestions: readonly string[] = []): HuntError => ({
  code: 'bad-hunt',
  message,
  at,
  suggestions,
});

const refuse = (token: Token, message: string, suggestions: readonly string[] = []): never => {
  if (token.kind === 'bad') throw new Refusal(errorAt(token.at, 'This text has no end: close it with the same quote.'));
  throw new Refusal(errorAt(token.at, message, suggestions));
};

const readAll = (tokens: readonly Token[]): Hunt => {
  let position = 0;
  let comparisons = 0;
  const end: Token = tokens.at(-1) ?? { kind: 'end', text: '', at: 0, end: 0 };
  const peek = (): Token => tokens[position] ?? end;
  const take = (): Token => {
    const token = peek();
    position += 1;
    return token;
  };
  const isWord = (word: string): boolean => peek().kind === 'word' && peek().text.toLowerCase() === word;

  const chain = (word: 'and' | 'or', read: (depth: number) => Hunt, depth: number): Hunt => {
    const parts = [read(depth)];
    while (isWord(word)) {
      take();
      parts.push(read(depth));
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: word, parts };
  };
  const any = (depth: number): Hunt => chain('or', both, depth);
  const both = (depth: number): Hunt => chain('and', one, depth);
  const one = (depth: number): Hunt => {
    if (depth > huntLimits.depth) refuse(peek(), `Brackets and “not” go at most ${huntLimits.depth} deep.`);
    if (isWord('not')) {
      take();
      return { kind: 'not', part: one(depth + 1) };
    }
    if (peek().kind !== 'open') return comparison();
    take();
    const inner = any(depth + 1);
    if (peek().kind !== 'close') refuse(peek(), 'A bracket is open here: close it with “)”.', [')', 'and', 'or']);
    take();
    return inner;
  };

  const comparison = (): Hunt => {
    const field = readField(take());
    comparisons += 1;
    if (comparisons > huntLimits.comparisons)
      refuse(peek(), `A hunt has at most ${huntLimits.comparisons} comparisons.`);
    if (isWord('exists')) {
      take();
      return { kind: 'exists', field };
    }
    if (isWord('in')) {
      take();
      return { kind: 'or', parts: list().map((token) => testOf(field, '=', token)) };
    }
    const operator = take();
    if (operator.kind !== 'operator')
      refuse(operator, `“${field}” needs a comparison, such as =, !=, ~, in or exists.`, [
        '=',
        '!=',
        '~',
        'in',
        'exists',
      ]);
    return testOf(field, operator.text as Operator, take());
  };
  const list = (): Token[] => {
    if (peek().kind !== 'open') refuse(peek(), '“in” needs a list in brackets: in (one, two).', ['(']);
    take();
    const values: Token[] = [];
    for (;;) {
      values.push(take());
      if (values.length > huntLimits.values) refuse(peek(), `A list has at most ${huntLimits.values} values.`);
      const separator = take();
      if (separator.kind === 'close') return values;
      if (separator.kind !== 'comma')
        refuse(separator, 'Values in a list are separated by commas and end with “)”.', [',', ')']);
    }
  };

  if (peek().kind === 'end') return { kind: 'all' };
  const hunt = any(0);
  if (peek().kind !== 'end') refuse(peek(), 'Here a comparison is over: go on with “and” or “or”.', ['and', 'or']);
  return hunt;
};

const fieldNames = Object.keys(telemetryFields) as FieldName[];
const isField = (text: string): text is FieldName => Object.hasOwn(telemetryFields, text);

const readField = (token: Token): FieldName => {
  if (token.kind === 'word' && isField(token.text)) return token.text;
  const near = suggestFields(token.kind === 'word' ? token.text : '');
  if (token.kind !== 'word') return refuse(token, 'A comparison begins with a field, such as process.name.', near);
  const [best] = near;
  return refuse(token, `There is no field “${token.text}”.${best === undefined ? '' : ` Did you mean ${best}?`}`, near);
};

/** Fields that begin with, contain, or end in what was written. */
export const suggestFields = (text: string): readonly FieldName[] => {
  const wanted = text.toLowerCase();
  const lastPart = wanted.split('.').at(-1) ?? '';
  const rank = (name: string): number => {
    const field = name.toLowerCase();
    if (field.startsWith(wanted)) return 0;
    if (field.includes(wanted)) return 1;
    return lastPart !== '' && field.split('.').at(-1)?.startsWith(lastPart.slice(0, 4)) === true ? 2 : 3;
  };
  return fieldNames
    .map((name) => ({ name, rank: rank(name) }))
    .filter((each) => each.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, 12)
    .map(({ name }) => name);
};

const testOf = (field: FieldName, operator: Operator, token: Token): Hunt => {
  if (token.kind !== 'word' && token.kind !== 'string')
    refuse(token, `“${field} ${operator}” needs a value.`, suggestValues(field));
  const positive = operator === '!=' ? '=' : operator === '!~' ? '~' : operator;
  const hunt: Hunt = { kind: 'test', field, test: readTest(field, positive, token) };
  return operator === positive ? hunt : { kind: 'not', part: hunt };
};

const suggestValues = (field: FieldName): readonly string[] => (field === 'event.action' ? eventActions : []);

const readTest = (field: FieldName, operator: Exclude<Operator, '!=' | '!~'>, token: Token): Test => {
  const { type }: Field = telemetryFields[field];
  if (operator === '~') return readPattern(field, type, token);
  switch (type) {
    case 'number':
    case 'time':
      return readNumber(field, type, operator, token);
    case 'boolean':
      if (operator === '=' && /^(?:true|false)$/i.test(token.text))
        return { kind: 'equals', value: token.text.toLowerCase() === 'true' };
      return refuse(token, `${field} is true or false.`, ['true', 'false']);
    case 'ip':
    case 'ips': {
      const range = operator === '=' ? addressRange(token.text) : undefined;
      if (range !== undefined) return { kind: 'network', ...range };
      return refuse(token, `${field} is an address: give one like 10.1.2.3, or a network like 10.0.0.0/8.`);
    }
    case 'keyword':
    case 'keywords':
      if (operator !== '=') return refuse(token, `${field} is text: compare it with =, != or ~.`, ['=', '!=', '~']);
      return /[*?]/.test(token.text)
        ? { kind: 'wildcard', pattern: token.text }
        : { kind: 'equals', value: token.text };
  }
};

const readPattern = (field: FieldName, type: Field['type'], token: Token): Test => {
  if (type !== 'keyword' && type !== 'keywords')
    return refuse(token, `Only text can be compared with a regular expression; ${field} is no text.`);
  if (token.text.length > huntLimits.patternCharacters)
    return refuse(token, `A regular expression has at most ${huntLimits.patternCharacters} characters.`);
  return { kind: 'matches', pattern: token.text };
};

const readNumber = (field: FieldName, type: 'number' | 'time', operator: string, token: Token): Test => {
  const read = type === 'time' ? readTime : readWhole;
  const [low = '', high] = token.text.split('..', 2);
  const from = read(low);
  const to = high === undefined ? from : read(high);
  if (from === undefined || to === undefined)
    return refuse(token, type === 'time' ? `${field} is a time: 2026-11-28T10:00:00Z.` : `${field} is a whole number.`);
  if (high !== undefined && operator !== '=') return refuse(token, 'A range is compared with =.');
  switch (operator) {
    case '>':
      return { kind: 'range', from: from + 1 };
    case '>=':
      return { kind: 'range', from };
    case '<':
      return { kind: 'range', to: from - 1 };
    case '<=':
      return { kind: 'range', to: from };
    default:
      return from === to && type === 'number' ? { kind: 'equals', value: from } : { kind: 'range', from, to };
  }
};

const readWhole = (text: string): number | undefined => {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
};

/** ISO 8601 as microseconds since the Unix epoch. */
const readTime = (text: string): number | undefined => {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?$/.test(text)) return undefined;
  const ms = Date.parse(/T/.test(text) && !/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? `${text}Z` : text);
  return Number.isNaN(ms) || ms < 0 ? undefined : ms * 1000;
};
