/** A piece of a hunt. `at` and `end` are characters from its beginning. */
export type Token = {
  readonly kind: 'word' | 'string' | 'operator' | 'open' | 'close' | 'comma' | 'end' | 'bad';
  /** A string without its quotes, its escapes resolved. */
  readonly text: string;
  readonly at: number;
  readonly end: number;
};

const operators = ['!=', '>=', '<=', '!~', '=', '>', '<', '~'] as const;
export type Operator = (typeof operators)[number];

/** Cuts a hunt into tokens; the last is `end`, or `bad` where a string does not end. */
export const tokenize = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  const push = (kind: Token['kind'], value: string, end: number): void => {
    tokens.push({ kind, text: value, at, end });
    at = end;
  };
  while (at < text.length) {
    const character = text[at] ?? '';
    if (/\s/.test(character)) {
      at += 1;
      continue;
    }
    const operator = operators.find((each) => text.startsWith(each, at));
    if (operator !== undefined) push('operator', operator, at + operator.length);
    else if (character === '(') push('open', character, at + 1);
    else if (character === ')') push('close', character, at + 1);
    else if (character === ',') push('comma', character, at + 1);
    else if (character === '"' || character === "'") {
      const string = readString(text, at);
      push(string.ended ? 'string' : 'bad', string.value, string.end);
    } else {
      const end = endOfWord(text, at);
      push('word', text.slice(at, end), end);
    }
  }
  tokens.push({ kind: 'end', text: '', at: text.length, end: text.length });
  return tokens;
};

const endOfWord = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && !/[\s()=<>!~,"']/.test(text[at] ?? '')) at += 1;
  return Math.max(at, from + 1);
};

/** `\"`, `\'` and `\\` stand for the character; any other backslash for itself, so that patterns read as they are written. */
const readString = (text: string, from: number): { value: string; end: number; ended: boolean } => {
  const quote = text[from];
  let value = '';
  for (let at = from + 1; at < text.length; at += 1) {
    const character = text[at] ?? '';
    const next = text[at + 1];
    if (character === quote) return { value, end: at + 1, ended: true };
    if (character === '\\' && (next === quote || next === '\\')) {
      value += next;
      at += 1;
    } else value += character;
  }
  return { value, end: text.length, ended: false };
};
