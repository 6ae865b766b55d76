import { createManualClock } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  adminName,
  adminPassword,
  cookieOf,
  startTestConsole,
  type TestAnswer,
  type TestConsole,
  testHost,
} from '../testing/test-console.ts';
import { checkPassword } from './sign-in.ts';

const origin = `https://${testHost}`;
const clock = createManualClock(Date.parse('2026-11-21T10:00:00Z'));
const minute = 60_000;
const hour = 60 * minute;

let running: TestConsole;
let firstLink: string;
let admin: Readonly<Record<string, string>>;

beforeAll(async () => {
  running = await startTestConsole({ clock });
  firstLink = await secretOf((await running.console.adminLink()).url);
  admin = await running.signInAdmin();
});
afterAll(() => running[Symbol.asyncDispose]());

const secretOf = async (url: string): Promise<string> => new URL(url).hash.slice(1);
const post = (
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = { origin },
): Promise<TestAnswer> => running.send({ method: 'POST', url, body, headers });
const signIn = (username: string, password: string): Promise<TestAnswer> =>
  post('/api/v1/session', { username, password });
const sessionOf = (headers: Readonly<Record<string, string>>): Promise<TestAnswer> =>
  running.send({ method: 'GET', url: '/api/v1/session', headers });
const useLink = (secret: string, password: string, username?: string): Promise<TestAnswer> =>
  post('/api/v1/links/use', { secret, password, ...(username === undefined ? {} : { username }) });

/** Invites a person and accepts for them. */
const person = async (username: string, role: string, scope: unknown = null) => {
  const invited = await post('/api/v1/users', { username, role, scope }, admin);
  expect(invited.status, invited.text).toBe(200);
  const accepted = await useLink(await secretOf(invited.json.link.url), `${username[0]}-long and winding road`);
  expect(accepted.status, accepted.text).toBe(200);
  return {
    id: invited.json.user.id as string,
    password: `${username[0]}-long and winding road`,
    headers: cookieOf(accepted),
  };
};

describe('one-time links', () => {
  test('a newer first-admin link replaces the older, and none works once there is an admin', async () => {
    expect((await useLink(firstLink, 'another long password', 'eve')).status).toBe(410);
    expect((await running.send({ method: 'GET', url: '/api/v1/setup' })).json).toMatchObject({ needed: false });
    await expect(running.console.adminLink()).rejects.toThrow('There is an admin already');
  });

  test('a link is inspected without being used, used once, and dead a day later', async () => {
    const { url } = (await post('/api/v1/users', { username: 'guest', role: 'viewer' }, admin)).json.link;
    const secret = await secretOf(url);
    for (let round = 0; round < 2; round += 1)
      expect((await post('/api/v1/links/inspect', { secret })).json).toMatchObject({
        purpose: 'invitation',
        username: 'guest',
      });
    const both = await Promise.all([useLink(secret, 'one long password'), useLink(secret, 'one long password')]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 410]);

    const late = await secretOf(
      (await post('/api/v1/users', { username: 'late', role: 'viewer' }, admin)).json.link.url,
    );
    clock.advance(24 * hour);
    admin = cookieOf(await signIn(adminName, adminPassword));
    expect((await useLink(late, 'one long password')).status).toBe(410);
  });

  test('two first-admin links used at once make one admin', async () => {
    await using other = await startTestConsole();
    const { links, db } = other.console.people;
    const one = await links.issue(db, 'first-admin', undefined);
    // A second link that a replica printed at the same time.
    const secrets = [one.url];
    await db.updateTable('one_time_links').set({ user_id: null }).execute();
    const again = await other.console.people.links.issue(db, 'reset', undefined);
    await db.updateTable('one_time_links').set({ purpose: 'first-admin' }).execute();
    secrets.push(again.url);
    const answers = await Promise.all(
      secrets.map(async (url, index) =>
        other.send({
          method: 'POST',
          url: '/api/v1/links/use',
          headers: { origin },
          body: { secret: new URL(url).hash.slice(1), username: `admin${index}`, password: 'one long password' },
        }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test('only hashes of secrets are stored', async () => {
    const { db } = running.console.platform;
    const rows = JSON.stringify([
      await db.selectFrom('one_time_links').selectAll().execute(),
      await db.selectFrom('sessions').selectAll().execute(),
      await db.selectFrom('audit_log').selectAll().execute(),
    ]);
    expect(rows).not.toContain(firstLink);
    expect(rows).not.toContain(admin['cookie']?.split('=')[1] ?? 'nothing');
  });
});

describe('sessions', () => {
  test('the cookie is for this host, TLS and scripts’ eyes not', async () => {
    const answer = await signIn(adminName, adminPassword);
    expect(String(answer.headers['set-cookie'])).toMatch(
      /^__Host-parapet=[\w-]{43}; Path=\/; Expires=.*; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json).toMatchObject({ user: { username: adminName, role: 'admin', state: 'active' } });
  });

  test('idle for 12 hours and at most 7 days', async () => {
    const idle = cookieOf(await signIn(adminName, adminPassword));
    clock.advance(11 * hour);
    expect((await sessionOf(idle)).status).toBe(200);
    clock.advance(11 * hour);
    expect((await sessionOf(idle)).status).toBe(200);
    clock.advance(12 * hour);
    expect((await sessionOf(idle)).status).toBe(401);

    const busy = cookieOf(await signIn(adminName, adminPassword));
    for (let hours = 0; hours < 7 * 24 - 6; hours += 6) {
      expect((await sessionOf(busy)).status).toBe(200);
      clock.advance(6 * hour);
    }
    clock.advance(6 * hour);
    expect((await sessionOf(busy)).status).toBe(401);
    admin = cookieOf(await signIn(adminName, adminPassword));
  });

  test('signing out ends the session at once', async () => {
    const headers = cookieOf(await signIn(adminName, adminPassword));
    const out = await running.send({ method: 'DELETE', url: '/api/v1/session', headers });
    expect(out.status).toBe(204);
    expect((await sessionOf(headers)).status).toBe(401);
  });

  test('a new password ends all other sessions; a role change ends all', async () => {
    const { headers, id, password } = await person('bob', 'viewer');
    const second = cookieOf(await signIn('bob', password));
    const change = (current: string, next: string) =>
      running.send({ method: 'PUT', url: '/api/v1/me/password', headers: second, body: { current, next } });
    expect((await change('wrong password', 'another fine password')).status).toBe(400);
    expect((await change(password, 'another fine password')).status).toBe(204);
    expect((await sessionOf(headers)).status).toBe(401);
    expect((await sessionOf(second)).status).toBe(200);
    expect((await signIn('bob', password)).status).toBe(401);
    const promoted = await running.send({
      method: 'PATCH',
      url: `/api/v1/users/${id}`,
      headers: admin,
      body: { role: 'operator' },
    });
    expect(promoted.json).toMatchObject({ role: 'operator' });
    expect((await sessionOf(second)).status).toBe(401);
  });
});

describe('signing in', () => {
  test('ten failures lock an account for 15 minutes, and nobody can tell it from a wrong password', async () => {
    const { password } = await person('carol', 'viewer');
    const unknown = await signIn('nobody', 'whatever it is');
    for (let failure = 0; failure < 10; failure += 1) {
      const wrong = await signIn('CAROL', `guess ${failure} of many`);
      expect(wrong.status).toBe(401);
      expect(wrong.json.error.message).toBe(unknown.json.error.message);
    }
    const locked = await signIn('carol', password);
    expect(locked.status).toBe(401);
    expect(locked.json.error.message).toBe(unknown.json.error.message);
    const { items } = (await running.send({ method: 'GET', url: '/api/v1/users', headers: admin })).json;
    expect(items.find((user: { username: string }) => user.username === 'carol')).toMatchObject({ state: 'locked' });
    clock.advance(15 * minute + 1);
    expect((await signIn('carol', password)).status).toBe(200);
    expect((await signIn('carol', 'one more wrong guess')).status).toBe(401);
    expect((await signIn('carol', password)).status).toBe(200);
  });

  test('guesses sent at once all count', async () => {
    const { password } = await person('dave', 'viewer');
    await Promise.all(Array.from({ length: 20 }, (_, index) => signIn('dave', `guess number ${index}`)));
    expect((await signIn('dave', password)).status).toBe(401);
  });

  test('a reset link unlocks and sets a new password', async () => {
    const { id } = await person('erin', 'viewer');
    for (let failure = 0; failure < 10; failure += 1) await signIn('erin', `guess ${failure} of many`);
    const { url } = (await post(`/api/v1/users/${id}/reset`, {}, admin)).json;
    expect((await useLink(await secretOf(url), 'fresh and long password')).status).toBe(200);
    expect((await signIn('erin', 'fresh and long password')).status).toBe(200);
    const local = await running.console.adminLink('ERIN');
    expect(local).toMatchObject({ purpose: 'reset' });
  });

  test('an unknown, locked or disabled account costs a password check like any other', async () => {
    const { db } = running.console.platform;
    const checked: (string | undefined)[] = [];
    const passwords = {
      hash: async () => '',
      verify: async (_password: string, hash: string | undefined) => {
        checked.push(hash);
        return false;
      },
    };
    for (const name of ['bob', 'nobody-at-all', 'dave']) await checkPassword({ db, clock, passwords }, name, 'x');
    expect(checked).toEqual([expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/), undefined, undefined]);
  });

  test('easy passwords are refused', async () => {
    const { url } = (await post('/api/v1/users', { username: 'frank', role: 'viewer' }, admin)).json.link;
    const secret = await secretOf(url);
    for (const password of ['short', 'aaaaaaaaaaaaaaaa', 'hello-frank-hello'])
      expect((await useLink(secret, password)).status).toBe(400);
    expect((await useLink(secret, 'sixteen candles burn')).status).toBe(200);
  });
});

describe('people', () => {
  test('a name is taken whatever its case', async () => {
    expect((await post('/api/v1/users', { username: 'ADA', role: 'viewer' }, admin)).json.error.code).toBe(
      'name-taken',
    );
  });

  test('the last active admin stays: not demoted, disabled or removed, not even two at once', async () => {
    const { items } = (await running.send({ method: 'GET', url: '/api/v1/users', headers: admin })).json;
    const { id } = items.find((user: { username: string }) => user.username === adminName);
    const url = `/api/v1/users/${id}`;
    for (const body of [{ role: 'viewer' }, { state: 'disabled' }])
      expect((await running.send({ method: 'PATCH', url, headers: admin, body })).json.error.code).toBe('last-admin');
    expect((await running.send({ method: 'DELETE', url, headers: admin })).json.error.code).toBe('last-admin');

    const second = await person('grace', 'admin');
    const both = await Promise.all([
      running.send({ method: 'PATCH', url, headers: second.headers, body: { role: 'viewer' } }),
      running.send({ method: 'PATCH', url: `/api/v1/users/${second.id}`, headers: admin, body: { role: 'viewer' } }),
    ]);
    // The loser lost its role or its session meanwhile, or would have been the last.
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    const left = await running.console.platform.db
      .selectFrom('users')
      .select('username')
      .where('role', '=', 'admin')
      .where('state', '=', 'active')
      .execute();
    expect(left).toHaveLength(1);
    await running.console.platform.db
      .updateTable('users')
      .set({ role: 'admin' })
      .where('username', '=', adminName)
      .execute();
    admin = cookieOf(await signIn(adminName, adminPassword));
  });

  test('a disabled person is out at once and cannot come back by a link', async () => {
    const { id, headers, password } = await person('heidi', 'operator');
    const { url } = (await post(`/api/v1/users/${id}/reset`, {}, admin)).json;
    await running.send({ method: 'PATCH', url: `/api/v1/users/${id}`, headers: admin, body: { state: 'disabled' } });
    expect((await sessionOf(headers)).status).toBe(401);
    expect((await signIn('heidi', password)).status).toBe(401);
    expect((await useLink(await secretOf(url), 'fresh and long password')).status).toBe(403);
  });

  test('an admin cannot be given a scope', async () => {
    const answer = await post('/api/v1/users', { username: 'ivan', role: 'admin', scope: { team: ['a'] } }, admin);
    expect(answer.json.error.code).toBe('scoped-admin');
  });
});

describe('tokens', () => {
  const make = (body: unknown, headers = admin) => post('/api/v1/tokens', body, headers);
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

  test('works until it expires or is revoked, and says only once what it is', async () => {
    const { token, secret } = (await make({ name: 'ci', role: 'viewer', expiresInDays: 1 })).json;
    expect(secret).toMatch(/^ppt_[\w-]{43}$/);
    const list = () => running.send({ method: 'GET', url: '/api/v1/assets', headers: bearer(secret) });
    expect((await list()).status).toBe(200);
    const listed = await running.send({ method: 'GET', url: '/api/v1/tokens', headers: admin });
    expect(listed.text).not.toContain(secret);
    expect(listed.json.items[0]).toMatchObject({ name: 'ci', lastUsedAt: expect.any(String) });
    clock.advance(24 * hour);
    expect((await list()).status).toBe(401);
    admin = cookieOf(await signIn(adminName, adminPassword));

    const second = (await make({ name: 'two', role: 'viewer' })).json;
    expect(
      (await running.send({ method: 'DELETE', url: `/api/v1/tokens/${second.token.id}`, headers: admin })).status,
    ).toBe(204);
    const after = await running.send({ method: 'GET', url: '/api/v1/assets', headers: bearer(second.secret) });
    expect(after.status).toBe(401);
    expect(token.createdBy).toBe(adminName);
  });

  test('cannot make more of itself or more than it is', async () => {
    const { secret } = (await make({ name: 'hr', role: 'admin', permissions: ['people:read', 'people:write'] })).json;
    const headers = bearer(secret);
    expect((await post('/api/v1/users', { username: 'mallory', role: 'admin' }, headers)).status).toBe(403);
    expect((await make({ name: 'more', role: 'viewer' }, headers)).status).toBe(403);
    const { items } = (await running.send({ method: 'GET', url: '/api/v1/users', headers })).json;
    const { id } = items.find((user: { username: string }) => user.username === adminName);
    expect((await post(`/api/v1/users/${id}/reset`, {}, headers)).status).toBe(403);
    expect((await sessionOf(headers)).status).toBe(403);
  });

  test('ends with the person who made it, and follows that person’s role', async () => {
    const judy = await person('judy', 'admin');
    const { secret } = (await make({ name: 'judy’s', role: 'admin' }, judy.headers)).json;
    const audit = () => running.send({ method: 'GET', url: '/api/v1/audit', headers: bearer(secret) });
    expect((await audit()).status).toBe(200);
    const url = `/api/v1/users/${judy.id}`;
    await running.send({ method: 'PATCH', url, headers: admin, body: { role: 'viewer' } });
    expect((await audit()).status).toBe(403);
    await running.send({ method: 'DELETE', url, headers: admin });
    expect((await audit()).status).toBe(401);
  });

  test('one that could lift its own scope, or do nothing, is refused', async () => {
    expect((await make({ name: 'x', role: 'admin', scope: { a: ['b'] } })).json.error.code).toBe('scoped-admin');
    expect((await make({ name: 'x', role: 'viewer', permissions: ['people:write'] })).json.error.code).toBe(
      'no-permission',
    );
  });
});

describe('the audit log', () => {
  test('holds what was done and what was refused, newest first, and can be searched and paged', async () => {
    const read = async (query: string) =>
      (await running.send({ method: 'GET', url: `/api/v1/audit?${query}`, headers: admin })).json;
    const refusals = await read('outcome=refused&q=session.create&limit=5');
    expect(refusals.items).toHaveLength(5);
    expect(refusals.items[0]).toMatchObject({
      actor: { kind: 'anonymous' },
      action: 'session.create',
      outcome: 'refused',
    });
    const next = await read(`outcome=refused&q=session.create&limit=5&after=${refusals.next}`);
    expect(Number(next.items[0].id)).toBeLessThan(Number(refusals.items[4].id));
    expect((await read('q=users.create')).items.some((entry: { target?: string }) => entry.target === 'bob')).toBe(
      true,
    );
    expect((await read('q=links.use.first-admin')).total).toBe(1);
    expect((await running.send({ method: 'GET', url: '/api/v1/audit?after=x', headers: admin })).status).toBe(400);
  });

  test('names who lacked a permission', async () => {
    const viewer = await running.tokenOf({ role: 'viewer' });
    await running.send({ method: 'GET', url: '/api/v1/users', headers: viewer });
    const { items } = (await running.send({ method: 'GET', url: '/api/v1/audit?q=users.list', headers: admin })).json;
    expect(items[0]).toMatchObject({ actor: { kind: 'token', name: 'test viewer' }, outcome: 'refused' });
  });
});
