/** FAKE answers for the routes of the contract. Shapes are the contract's; the content is invented. */
import { type RouteName, rolePermissions } from '@parapet/contract/api';
import { type FakeHandlers, FakeRefusal } from './fake-answers.ts';
import { assetAnswers } from './fake-assets.ts';
import { backupAnswers } from './fake-backups.ts';
import { findingAnswers } from './fake-findings.ts';
import { forensicAnswers } from './fake-forensics.ts';
import { huntAnswers } from './fake-hunt.ts';
import { mapAnswers } from './fake-map.ts';
import { packageAnswers } from './fake-packages.ts';
import { ago, day, idOf } from './fake-seed.ts';
import { createFakeSettings } from './fake-settings.ts';
import { vexAnswers } from './fake-vex.ts';
import type { FakeWorld } from './fake-world.ts';

export const createFakeHandlers = (world: FakeWorld, options: { setup: boolean }) => {
  const session = {
    user: {
      id: idOf('anna'),
      username: 'anna.keller',
      role: 'admin' as const,
      scope: null,
      state: 'active' as const,
      createdAt: ago(60 * day),
    },
    permissions: [...rolePermissions.admin],
    console: { version: '0.1.0', name: 'Parapet (fake data)' },
    expiresAt: new Date(Date.now() + day).toISOString(),
  };
  const hunts = huntAnswers(world);
  const table: FakeHandlers = {
    'setup.get': () => ({ needed: options.setup, command: './parapet' }),
    'links.inspect': ({ body }) => {
      if (body.secret.startsWith('old'))
        throw new FakeRefusal(410, 'link-expired', 'This link was used or is older than 24 hours.');
      return body.secret.startsWith('invite')
        ? { purpose: 'invitation', username: 'ben.ode', expiresAt: new Date(Date.now() + day).toISOString() }
        : { purpose: 'first-admin', expiresAt: new Date(Date.now() + day).toISOString() };
    },
    'links.use': () => session,
    'session.create': ({ body }) => {
      if (body.password === 'wrong')
        throw new FakeRefusal(
          401,
          'refused',
          'Name or password is wrong. After five failures the account is locked for 15 minutes.',
        );
      return session;
    },
    'session.get': () => session,
    'session.delete': () => undefined,
    'me.password': () => undefined,
    ...assetAnswers(world),
    ...findingAnswers(world),
    ...mapAnswers(world),
    ...createFakeSettings(world),
    ...packageAnswers(world),
    ...backupAnswers(world),
    ...vexAnswers(world),
    ...hunts,
    ...forensicAnswers(world, hunts),
  };
  return (name: RouteName, input: unknown, cookie: string, setCookie: (cookie: string) => void): unknown => {
    if (name === 'session.create' || name === 'links.use') setCookie('fake=1; Path=/; HttpOnly');
    if (name === 'session.delete') setCookie('fake=; Path=/; Max-Age=0');
    const open = name === 'setup.get' || name.startsWith('links.') || name === 'session.create';
    if (!open && !cookie.includes('fake=1')) throw new FakeRefusal(401, 'signed-out', 'Sign in first.');
    const handler = table[name] as ((input: unknown) => unknown) | undefined;
    if (handler === undefined) throw new FakeRefusal(501, 'fake', `The fake console has no ${name}.`);
    return handler(input);
  };
};
