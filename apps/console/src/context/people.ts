import { findProgramCall } from '@parapet/core';
import { z } from 'zod';
import { type Authenticator, createAuthenticator } from '../people/authenticator.ts';
import { createCredentialEnds } from '../people/credential-ends.ts';
import type { LinkRouteDeps } from '../people/link-routes.ts';
import { createLinks } from '../people/links.ts';
import { createPasswords } from '../people/passwords.ts';
import { createSessions } from '../people/sessions.ts';
import { createTokens, type Tokens } from '../people/tokens.ts';
import type { Platform } from './platform.ts';

export type People = LinkRouteDeps & { readonly tokens: Tokens; readonly authenticator: Authenticator };

/** Everything about people and their ways in. */
export const createPeople = (platform: Platform, baseUrl: () => string): People => {
  const { db, clock, audit, config } = platform;
  const sessions = createSessions({ db, clock });
  const tokens = createTokens({ db, clock });
  return {
    db,
    clock,
    audit,
    sessions,
    tokens,
    passwords: createPasswords(),
    links: createLinks({ db, clock, baseUrl }),
    credentialEnds: createCredentialEnds(),
    authenticator: createAuthenticator({ sessions, tokens }),
    console: { version: config.version, name: config.name },
    command: findProgramCall(config.programDir).fromHost,
  };
};

/** Removes, once an hour, what is over: expired sessions and old links. */
export const scheduleCleaning = ({ jobs, db, clock }: Platform, people: People): void => {
  const name = 'people.clean';
  jobs.register(
    name,
    async () => {
      await people.sessions.removeExpired();
      const monthAgo = new Date(clock.now() - 30 * 86_400_000);
      await db.deleteFrom('one_time_links').where('expires_at', '<', monthAgo).execute();
    },
    { schema: z.object({}), policy: 'one-at-all' },
  );
  jobs.schedule(name, '17 * * * *', {});
};
