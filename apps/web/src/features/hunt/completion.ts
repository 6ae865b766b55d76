import { type FieldName, type Token, telemetryFields, tokenize } from '@parapet/contract/api';

/** What the caret stands at in a hunt, and the text that a choice would take the place of. */
export type Spot = { readonly from: number; readonly to: number; readonly typed: string } & (
  | { readonly kind: 'field' | 'joiner' | 'list' }
  | { readonly kind: 'operator' | 'value'; readonly field: FieldName }
  /** Behind a word that is no field, or in a text without an end: nothing can be offered. */
  | { readonly kind: 'none' }
);

export type Choice = { readonly text: string; readonly about?: string };

/** Reads a hunt up to the caret. */
export const spotAt = (text: string, caret: number): Spot => {
  const tokens = tokenize(text.slice(0, caret)).filter(({ kind }) => kind !== 'end');
  const last = tokens.at(-1);
  if (last?.kind === 'bad') return { kind: 'none', from: caret, to: caret, typed: '' };
  const touched = last !== undefined && last.end === caret && (last.kind === 'word' || last.kind === 'string');
  const place = touched
    ? { from: last.at, to: endOfWord(text, caret), typed: last.text }
    : { from: caret, to: caret, typed: '' };
  const state = readStates(touched ? tokens.slice(0, -1) : tokens);
  return { ...place, ...state };
};

/** What could stand there, best first. `values` are those of the field, as far as they are known. */
export const choicesAt = (spot: Spot, values: readonly Choice[]): readonly Choice[] => {
  const typed = spot.typed.toLowerCase();
  switch (spot.kind) {
    case 'field':
      return rank([...fields, { text: 'not', about: 'the opposite of what follows' }], typed).slice(0, maxChoices);
    case 'operator':
      return operatorsOf(spot.field).filter(({ text }) => text.startsWith(typed));
    case 'value':
      return rank(values, typed).slice(0, maxChoices);
    case 'list':
      return [{ text: '(', about: 'a list: (one, two)' }];
    case 'joiner':
      return joiners.filter(({ text }) => text.startsWith(typed));
    case 'none':
      return [];
  }
};

/** The hunt with a choice put in, and where the caret is then. */
export const withChoice = (
  text: string,
  spot: Spot,
  choice: string,
): { readonly text: string; readonly caret: number } => {
  const rest = text.slice(spot.to);
  const put = `${text.slice(0, spot.from)}${choice}${rest.startsWith(' ') ? '' : ' '}`;
  return { text: put + rest, caret: put.length + (rest.startsWith(' ') ? 1 : 0) };
};

const maxChoices = 12;

type State =
  | { readonly kind: 'field' | 'joiner' | 'list' | 'none' }
  | { readonly kind: 'operator' | 'value'; readonly field: FieldName };

/** What is expected behind these tokens. */
const readStates = (tokens: readonly Token[]): State => {
  let state: State = { kind: 'field' };
  let listOf: FieldName | undefined;
  for (const token of tokens) {
    const word = token.kind === 'word' ? token.text.toLowerCase() : '';
    if (state.kind === 'none') return state;
    if (state.kind === 'field') {
      if (token.kind === 'open' || word === 'not') continue;
      state = isField(token.text) ? { kind: 'operator', field: token.text } : { kind: 'none' };
    } else if (state.kind === 'operator') {
      if (word === 'exists') state = { kind: 'joiner' };
      else if (word === 'in') {
        listOf = state.field;
        state = { kind: 'list' };
      } else state = token.kind === 'operator' ? { kind: 'value', field: state.field } : { kind: 'none' };
    } else if (state.kind === 'list') {
      state = token.kind === 'open' && listOf !== undefined ? { kind: 'value', field: listOf } : { kind: 'none' };
    } else if (state.kind === 'value') {
      state = { kind: 'joiner' };
    } else if (word === 'and' || word === 'or') {
      state = { kind: 'field' };
    } else if (token.kind === 'comma' && listOf !== undefined) {
      state = { kind: 'value', field: listOf };
    } else if (token.kind === 'close') {
      listOf = undefined;
    } else state = { kind: 'none' };
  }
  return state;
};

const isField = (text: string): text is FieldName => Object.hasOwn(telemetryFields, text);

const endOfWord = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && !/[\s()=<>!~,"']/.test(text[at] ?? '')) at += 1;
  return at;
};

const fields: readonly Choice[] = Object.entries(telemetryFields).map(([text, { about }]) => ({ text, about }));
const joiners: readonly Choice[] = [
  { text: 'and', about: 'both' },
  { text: 'or', about: 'one of them' },
];

const equal = { text: '=', about: 'is' };
const unequal = { text: '!=', about: 'is not' };
const among = { text: 'in', about: 'one of a list' };
const exists = { text: 'exists', about: 'has it at all' };
const matching = [
  { text: '~', about: 'matches a regular expression' },
  { text: '!~', about: 'does not match' },
];
const orders = [
  { text: '>', about: 'more than' },
  { text: '>=', about: 'at least' },
  { text: '<', about: 'less than' },
  { text: '<=', about: 'at most' },
];

const operatorsOf = (field: FieldName): readonly Choice[] => {
  switch (telemetryFields[field].type) {
    case 'keyword':
    case 'keywords':
      return [equal, unequal, ...matching, among, exists];
    case 'number':
      return [equal, unequal, ...orders, among, exists];
    case 'time':
      return [...orders, equal, exists];
    case 'ip':
    case 'ips':
      return [{ ...equal, about: 'is, or is in a network like 10.0.0.0/8' }, unequal, among, exists];
    case 'boolean':
      return [equal, exists];
  }
};

/** Those that begin with what was typed, then those with a part that does, then those that hold it. */
const rank = (choices: readonly Choice[], typed: string): readonly Choice[] => {
  const place = ({ text }: Choice): number => {
    const lower = text.toLowerCase();
    if (lower === typed) return 9;
    if (lower.startsWith(typed)) return 0;
    if (lower.includes(`.${typed}`)) return 1;
    return lower.includes(typed) ? 2 : 9;
  };
  return choices
    .map((choice) => ({ choice, place: place(choice) }))
    .filter((each) => each.place < 9)
    .toSorted((a, b) => a.place - b.place)
    .map(({ choice }) => choice);
};
