import { styleText } from 'node:util';

/** Where commands write. `json` commands print exactly one JSON document to standard output, people get text. */
export type Output = {
  readonly json: boolean;
  readonly line: (text?: string) => void;
  readonly value: (value: unknown) => void;
  /** A step that takes a while; goes to standard error so that output can be piped. */
  readonly step: (text: string) => void;
};

export const createOutput = (json: boolean): Output => ({
  json,
  line: (text = '') => {
    if (!json) process.stdout.write(`${printable(text)}\n`);
  },
  value: (value) => {
    if (json) process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  },
  step: (text) => {
    if (!json) process.stderr.write(`${dim(`· ${printable(text)}`)}\n`);
  },
});

export const bold = (text: string): string => styleText('bold', text);
export const dim = (text: string): string => styleText('dim', text);
export const accent = (text: string): string => styleText('cyan', text);

/** Names come from workloads: control characters would let them rewrite the terminal. Styling escapes of our own stay. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  text.replace(/\u001b(?!\[[0-9;]{1,8}m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g, '�');
