import { apiQuery } from './api.ts';

/** The overview as the page and the rail show it: one request for both. */
export const overviewQuery = () => {
  lastLook ??= visit();
  return apiQuery('overview.get', { query: lastLook === '' ? {} : { since: lastLook } });
};

/** Whether this browser never showed the overview before: what is new is then counted for a day. */
export const isFirstLook = (): boolean => {
  lastLook ??= visit();
  return lastLook === '';
};

const storageKey = 'parapet.last-look';
const pauseMs = 30 * 60_000;

/** When this browser last showed the overview before the present visit; empty when never. */
let lastLook: string | undefined;

/** Looks within half an hour are one visit, so that a reload does not make everything old. */
const visit = (): string => {
  try {
    const stored = read(localStorage.getItem(storageKey));
    const now = Date.now();
    const begins = now - Date.parse(stored.last) > pauseMs;
    const before = begins ? stored.last : stored.before;
    localStorage.setItem(storageKey, `${new Date(now).toISOString()} ${before}`);
    return before;
  } catch {
    return '';
  }
};

const read = (text: string | null): { readonly last: string; readonly before: string } => {
  const [last = '', before = ''] = (text ?? '').split(' ').filter((part) => !Number.isNaN(Date.parse(part)));
  return { last, before };
};
