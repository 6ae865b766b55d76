/**
 * A program's text with every character beyond ASCII written as an escape. V8 keeps the text of a program for as long as it runs, with two
 * bytes for each character as soon as one of them is beyond Latin-1: an arrow in a sentence doubles it.
 *
 * Means the same in strings, templates, regular expressions and names (ECMAScript `\uXXXX`), though not in what `String.raw` gives. Throws
 * where such a character follows a backslash, which would then escape the backslash of its escape.
 */
export const toAsciiText = (program: string): string =>
  program.replace(beyondAscii, (found) => {
    if (found.startsWith('\\')) throw new Error(`a backslash stands before ${JSON.stringify(found.slice(1))}`);
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });

const beyondAscii = /\\?[\u0080-\uffff]/g;
