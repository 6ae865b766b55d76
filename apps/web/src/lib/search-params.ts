import type { z } from 'zod';

type Shape = Readonly<Record<string, z.ZodType>>;
export type SearchOf<S extends Shape> = { [K in keyof S]?: Exclude<z.output<S[K]>, undefined> };

/**
 * A validator for the search part of a URL. A parameter that does not parse is dropped instead of failing the page: links
 * come from people, and an old or mistyped filter should still show something.
 */
export const searchOf =
  <S extends Shape>(shape: S) =>
  (raw: Readonly<Record<string, unknown>>): SearchOf<S> => {
    const parsed: Record<string, unknown> = {};
    for (const [name, schema] of Object.entries(shape)) {
      if (raw[name] === undefined) continue;
      const result = schema.safeParse(raw[name]);
      // The router puts this over what stands in the address: what is not said here would come through as it was typed.
      parsed[name] = result.data;
    }
    return parsed as SearchOf<S>;
  };

/** Plain, readable URLs: lists are comma-separated, nothing is JSON. */
export const stringifySearch = (search: Readonly<Record<string, unknown>>): string => {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    const text = Array.isArray(value) ? value.join(',') : value === undefined || value === null ? '' : String(value);
    if (text !== '') params.set(name, text);
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
};

export const parseSearch = (search: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(search.startsWith('?') ? search.slice(1) : search));

/** Adds or removes one value of a list; `undefined` when nothing is left, so that it leaves the URL. */
export const toggled = <T>(list: readonly T[] | undefined, value: T): T[] | undefined => {
  const current = list ?? [];
  const next = current.includes(value) ? current.filter((item) => item !== value) : [...current, value];
  return next.length === 0 ? undefined : next;
};
