import { type Permission, permissions, type RouteDefinition, type RouteName, routes } from '@parapet/contract/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyRequestOf, startTestConsole, type TestConsole } from '../testing/test-console.ts';

const table = Object.entries(routes) as [RouteName, RouteDefinition][];
const guarded = table.filter(([, { access }]) => access.kind !== 'public');
const permitted = table.flatMap(([name, { access }]) =>
  access.kind === 'permission' ? [[name, access.permission] as const] : [],
);

let running: TestConsole;
beforeAll(async () => {
  running = await startTestConsole();
});
afterAll(() => running[Symbol.asyncDispose]());

describe('every route of the table', () => {
  test.each(guarded.map(([name]) => name))('%s answers 401 to strangers', async (name) => {
    const answer = await running.send(anyRequestOf(name));
    expect(answer.status).toBe(401);
    expect(answer.json.error).toMatchObject({ code: 'unauthenticated', requestId: expect.any(String) });
  });

  test.each(guarded.map(([name]) => name))('%s answers 401 to a wrong token, cookie and scheme', async (name) => {
    const origin = 'https://console.test';
    for (const headers of [
      { authorization: 'Bearer ppt_wrong' },
      { authorization: 'Bearer' },
      { authorization: 'Basic YTpi' },
      { cookie: '__Host-parapet=wrong', origin },
    ]) {
      expect((await running.send({ ...anyRequestOf(name), headers })).status).toBe(401);
    }
  });

  test.each(permitted)('%s answers 403 without %s', async (name, permission) => {
    const headers = await tokenWithout(permission);
    const answer = await running.send({ ...anyRequestOf(name), headers });
    expect(answer.status).toBe(403);
    expect(answer.json.error).toMatchObject({ code: 'forbidden' });
  });

  test.each(
    table.filter(([, { method, access }]) => method !== 'GET' && access.kind !== 'public').map(([name]) => name),
  )('%s refuses a session cookie that another site makes a browser send', async (name) => {
    const { cookie = '' } = await running.signInAdmin();
    for (const headers of [
      { cookie, origin: 'https://evil.test' },
      { cookie, origin: 'null' },
      { cookie, 'sec-fetch-site': 'cross-site' },
      { cookie },
    ]) {
      expect((await running.send({ ...anyRequestOf(name), headers })).status).toBe(403);
    }
  });

  test.each(table.filter(([, { responseStream }]) => responseStream === undefined).map(([name]) => name))(
    '%s never answers 500, whatever it is sent',
    async (name) => {
      const headers = { authorization: (await adminToken())['authorization'] ?? '' };
      const request = anyRequestOf(name);
      const bodies: readonly (string | undefined)[] =
        request.method === 'GET' || request.method === 'DELETE'
          ? [undefined]
          : ['{}', '[]', 'null', '"text"', '{"__proto__":{"a":1}}', '{', '{"secret":"\\u0000","username":"a\\u0000"}'];
      for (const payload of bodies) {
        const answer = await running.send({
          ...request,
          headers: payload === undefined ? headers : { ...headers, 'content-type': 'application/json' },
          ...(payload === undefined ? {} : { payload }),
        });
        expect.soft(answer.status, `${payload}: ${answer.text.slice(0, 300)}`).not.toBe(500);
      }
    },
  );
});

const tokens = new Map<string, Promise<Readonly<Record<string, string>>>>();
const tokenWithout = (permission: Permission): Promise<Readonly<Record<string, string>>> => {
  const made =
    tokens.get(permission) ??
    running.tokenOf({ role: 'admin', permissions: permissions.filter((other) => other !== permission) });
  tokens.set(permission, made);
  return made;
};
const adminToken = (): Promise<Readonly<Record<string, string>>> => {
  const made = tokens.get('all') ?? running.tokenOf({ role: 'admin' });
  tokens.set('all', made);
  return made;
};
