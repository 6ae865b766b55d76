import { useState } from 'react';

const storageKey = 'parapet.last-look';
const pauseMs = 30 * 60_000;

/**
 * When this browser last showed the overview before the present visit. Looks within half an hour are one visit, so that a
 * reload does not make everything old.
 */
export const useLastLook = (): string | undefined => useState(visit)[0];

const visit = (): string | undefined => {
  try {
    const stored = read(localStorage.getItem(storageKey));
    const now = Date.now();
    const begins = stored.last === undefined || now - Date.parse(stored.last) > pauseMs;
    const before = begins ? stored.last : stored.before;
    localStorage.setItem(storageKey, `${new Date(now).toISOString()} ${before ?? ''}`);
    return before;
  } catch {
    return undefined;
  }
};

const read = (text: string | null): { readonly last?: string; readonly before?: string } => {
  const [last, before] = (text ?? '').split(' ').filter((part) => !Number.isNaN(Date.parse(part)));
  return { ...(last === undefined ? {} : { last }), ...(before === undefined ? {} : { before }) };
};
