import { AppError } from '@parapet/core';

export type ConfigLine = { readonly name: string; readonly value: string; readonly line: number };

const maxLines = 1_000;

/**
 * Reads `NAME=value` lines. Empty lines and those that begin with `#` are passed over; a value may stand in single or double
 * quotes, of which nothing inside is interpreted. That is what systemd and Docker read from such a file too, so one file
 * serves all. Throws AppError `config` that names the line.
 */
export const parseConfigFile = (path: string, content: string): readonly ConfigLine[] => {
  const lines = content.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines.length > maxLines) throw wrong(path, maxLines, `has more than ${maxLines} lines`);
  const found = new Map<string, ConfigLine>();
  for (const [index, raw] of lines.entries()) {
    const text = raw.trim();
    const line = index + 1;
    if (text === '' || text.startsWith('#')) continue;
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) throw wrong(path, line, 'is not of the form NAME=value');
    const earlier = found.get(name);
    if (earlier !== undefined) throw wrong(path, line, `sets ${name} again, after line ${earlier.line}`);
    found.set(name, { name, value: unquote(path, line, value), line });
  }
  return [...found.values()];
};

const unquote = (path: string, line: number, value: string): string => {
  const quote = value[0];
  if (quote !== '"' && quote !== "'") return value;
  if (value.length < 2 || !value.endsWith(quote) || value.slice(1, -1).includes(quote))
    throw wrong(path, line, `has a ${quote} without its end`);
  return value.slice(1, -1);
};

const wrong = (path: string, line: number, what: string): AppError =>
  new AppError('config', 500, `${path}, line ${line}, ${what}.`);
