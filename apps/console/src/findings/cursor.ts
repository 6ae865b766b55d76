import { badRequest } from '@parapet/core';
import { z } from 'zod';

/** Where a page ended: the sort value and id of its last row. */
const Cursor = z.tuple([z.string().max(32), z.number(), z.string().max(64)]);

/** The cursor names its order, so that one order's cursor is refused by another. */
export const encodeCursor = (order: string, value: number, id: string): string =>
  Buffer.from(JSON.stringify([order, value, id])).toString('base64url');

/** Throws AppError `bad-cursor` for text that this order did not make. */
export const decodeCursor = (order: string, text: string | undefined): { value: number; id: string } | undefined => {
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    parsed = undefined;
  }
  const cursor = Cursor.safeParse(parsed);
  if (!cursor.success || cursor.data[0] !== order) {
    throw badRequest('bad-cursor', 'This page does not belong to this list. Start again from the first page.');
  }
  return { value: cursor.data[1], id: cursor.data[2] };
};
