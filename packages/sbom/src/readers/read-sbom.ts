import type { Sbom } from '@parapet/contract';
import { fail, type Problem, problem, type Result } from '@parapet/core';
import type { ReaderOptions } from './reader.ts';
import { readers } from './registry.ts';
import { isTagValue, jsonOfTagValue } from './tag-value.ts';

/** Parsed JSON takes several times its text. */
export const maxSbomBytes = 64 * 1024 * 1024;

/**
 * Reads a CycloneDX or SPDX document, told by what it says of itself: JSON, or SPDX 2's lines of tags. Fails with `too-large`, `not-json`, `unknown-format`,
 * `unknown-version` or `wrong-shape`.
 */
export const readSbom = (text: string, options: ReaderOptions): Result<Sbom, Problem> => {
  if (text.length > maxSbomBytes)
    return fail(problem('too-large', `The document is larger than ${maxSbomBytes} bytes.`));
  let json: unknown;
  try {
    json = isTagValue(text) ? jsonOfTagValue(text) : JSON.parse(text);
  } catch {
    const hint = /^\s*</.test(text) ? ' It looks like XML, which is not read.' : '';
    return fail(problem('not-json', `The document is not JSON, nor SPDX’s lines of tags.${hint}`));
  }
  if (typeof json !== 'object' || json === null) return unknownFormat;
  const document = json;
  return readers.find(({ recognises }) => recognises(document))?.read(document, options) ?? unknownFormat;
};

const unknownFormat = fail(problem('unknown-format', 'This is neither CycloneDX nor SPDX.'));
