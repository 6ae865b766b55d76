import type { RunningParapet } from './parapet.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
type Json = any;

/** Calls the API of a started console as its first admin, whom it makes. Certificates are checked by other tests. */
export const signInFirstAdmin = async (running: RunningParapet) => {
  const secret = new URL(running.adminLink() ?? '').hash.slice(1);
  const response = await fetch(`${running.url}/api/v1/links/use`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: running.url },
    body: JSON.stringify({ secret, username: 'ada', password: 'correct horse battery staple' }),
  });
  const cookie = response.headers
    .getSetCookie()
    .map((text) => text.split(';', 1)[0])
    .join('; ');
  return async (path: string): Promise<Json> =>
    (await fetch(`${running.url}${path}`, { headers: { cookie, origin: running.url } })).json();
};
