import { forbidden } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { Caller, RouteHandlers } from '../http/handler.ts';
import type { Authenticator } from '../people/authenticator.ts';
import type { CredentialEnd, CredentialEnds } from '../people/credential-ends.ts';
import type { LiveHub } from './live-feed.ts';
import { createNarrow } from './narrow.ts';

/** Pages one person or token may keep open; each costs a connection. */
const perCaller = 50;
/** Looks at least this often whether the caller is still let in. */
const recheckMs = 30_000;

export const createLiveRoutes = (deps: {
  readonly db: Database;
  readonly live: LiveHub;
  readonly authenticator: Pick<Authenticator, 'isLive'>;
  readonly credentialEnds: CredentialEnds;
}): Pick<RouteHandlers, 'live.stream'> => {
  const open = new Map<string, number>();
  return {
    'live.stream': async ({ caller, headers, signal }) => {
      const count = open.get(caller.id) ?? 0;
      if (count >= perCaller) throw forbidden(`You have ${perCaller} pages open already. Close some first.`);
      const lastEventId = headers['last-event-id'];
      const stream = deps.live.open({
        lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
        narrow: createNarrow(deps.db, caller.scope),
      });
      open.set(caller.id, count + 1);
      const stopWatching = watchCaller(deps, caller, () => stream.destroy());
      const end = (): void => void stream.destroy();
      signal.addEventListener('abort', end, { once: true });
      stream.once('close', () => {
        stopWatching();
        signal.removeEventListener('abort', end);
        const left = (open.get(caller.id) ?? 1) - 1;
        if (left === 0) open.delete(caller.id);
        else open.set(caller.id, left);
      });
      // Proxies must hand each event on at once.
      return { stream, contentType: 'text/event-stream; charset=utf-8', headers: { 'x-accel-buffering': 'no' } };
    },
  };
};

const watchCaller = (
  deps: { readonly authenticator: Pick<Authenticator, 'isLive'>; readonly credentialEnds: CredentialEnds },
  caller: Caller,
  onEnd: () => void,
): (() => void) => {
  const recheck = (): void => {
    deps.authenticator.isLive(caller).then(
      (isLive) => {
        if (!isLive) onEnd();
      },
      // The database is away: nothing is known, and nothing can be fetched either. The next look decides.
      () => undefined,
    );
  };
  const timer = setInterval(recheck, recheckMs);
  timer.unref();
  const unsubscribe = deps.credentialEnds.subscribe((end) => {
    if (concerns(end, caller)) recheck();
  });
  return () => {
    clearInterval(timer);
    unsubscribe();
  };
};

const concerns = (end: CredentialEnd, caller: Caller): boolean =>
  end.userId === caller.id ||
  end.tokenId === caller.id ||
  (end.sessionId !== undefined && end.sessionId === caller.sessionId) ||
  // A token ends with the person who made it, whom it does not name.
  (end.userId !== undefined && caller.kind === 'token');
