import { badRequest, parseJson } from '@parapet/core';
import type { z } from 'zod';

/** The place after the last item of a page, as one opaque text. */
export const encodeCursor = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString('base64url');

/** Throws AppError `bad-cursor` (400) for anything that `encodeCursor` did not make. */
export const decodeCursor = <S extends z.ZodType>(text: string, schema: S): z.output<S> => {
  const parsed = parseJson(Buffer.from(text, 'base64url').toString('utf8'), schema);
  if (!parsed.ok) throw badRequest('bad-cursor', 'The page to continue from is not known. Start from the first page.');
  return parsed.value;
};
