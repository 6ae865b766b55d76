import { forbidden } from '@parapet/core';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a request that another web site made a browser send. Only what rides on a cookie or sets one is in danger; a
 * bearer token is never sent by itself. Browsers tell where a request comes from by `Origin` (and `Sec-Fetch-Site`).
 */
export const requireOwnOrigin = (
  request: { readonly method: string; readonly host: string; readonly headers: Headers },
  options: { readonly hasCookie: boolean; readonly hasBearer: boolean; readonly publicUrls: readonly string[] },
): void => {
  const { headers } = request;
  if (safeMethods.has(request.method) || options.hasBearer) return;
  const origin = single(headers['origin']);
  if (origin !== undefined) {
    const own = `https://${request.host}`;
    if (origin.toLowerCase() === own.toLowerCase() || options.publicUrls.includes(origin)) return;
    throw forbidden('This request comes from another web site and was refused.');
  }
  if (single(headers['sec-fetch-site']) === 'same-origin') return;
  if (options.hasCookie)
    throw forbidden('A request with a session cookie must say its origin. Programs use an API token instead.');
};

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
