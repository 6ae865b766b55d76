import type { RunningParapet } from './parapet.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
type Json = any;

/** Asks the API; with a body it posts. */
export type ConsoleApi = (path: string, body?: unknown) => Promise<Json>;

/** Calls the API of a started console as its first admin, whom it makes. Certificates are checked by other tests. */
export const signInFirstAdmin = async (running: RunningParapet): Promise<ConsoleApi> => {
  const secret = new URL(running.adminLink() ?? '').hash.slice(1);
  const send = (path: string, body: unknown, cookie: string): Promise<Response> =>
    fetch(`${running.url}${path}`, {
      headers: { cookie, origin: running.url, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  const person = { username: 'ada', password: 'correct horse battery staple' };
  const signedIn = await send('/api/v1/links/use', { secret, ...person }, '');
  const cookie = signedIn.headers
    .getSetCookie()
    .map((text) => text.split(';', 1)[0])
    .join('; ');
  return async (path, body) => (await send(path, body, cookie)).json();
};
