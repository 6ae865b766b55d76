import { describe, expect, it } from 'vitest';
import { ApiFailure, createApiClient } from './client.ts';
import { permissions, type RouteDefinition, rolePermissions } from './route.ts';
import { routes } from './routes.ts';

const table: [string, RouteDefinition][] = Object.entries(routes);

describe('the route table', () => {
  it('has no two routes on one method and path', () => {
    const places = table.map(([, route]) => `${route.method} ${route.path.replace(/:\w+/g, ':x')}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it.each(table)('%s names its path parameters and changes nothing by GET', (_, route) => {
    const named = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
    expect(Object.keys(route.params?.shape ?? {}).sort()).toEqual(named.sort());
    if (route.method === 'GET') expect(route.body).toBeUndefined();
    if (route.access.kind === 'permission' && route.method === 'GET' && route.path !== '/api/v1/enrolment-keys') {
      expect(route.access.permission).toMatch(/:read$/);
    }
  });

  it('lets viewers only read', () => {
    expect(rolePermissions.viewer.every((permission) => permission.endsWith(':read'))).toBe(true);
    expect(rolePermissions.admin).toEqual(permissions);
  });
});

describe('the API client', () => {
  const client = (answer: Response, seen: { url?: string; init?: RequestInit | undefined } = {}) =>
    createApiClient({
      baseUrl: 'https://console',
      fetch: async (input, init) => {
        seen.url = String(input);
        seen.init = init;
        return answer;
      },
    });

  it('puts parameters, lists and bodies where they belong', async () => {
    const seen: { url?: string; init?: RequestInit } = {};
    const page = { items: [], total: 0, totalIsMinimum: false };
    await client(Response.json(page), seen).call('findings.list', {
      query: { severity: ['critical', 'high'], q: 'a b' },
    });
    expect(seen.url).toBe('https://console/api/v1/findings?severity=critical%2Chigh&q=a+b');
    await client(new Response(undefined, { status: 204 }), seen).call('tokens.revoke', { params: { tokenId: '../x' } });
    expect(seen.url).toBe('https://console/api/v1/tokens/..%2Fx');
  });

  it('turns refusals into failures with the console’s own words', async () => {
    const refusal = Response.json({ error: { code: 'forbidden', message: 'No.', requestId: 'r1' } }, { status: 403 });
    const failure = await client(refusal)
      .call('users.list')
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiFailure);
    expect(failure).toMatchObject({ status: 403, code: 'forbidden', message: 'No.', requestId: 'r1' });
  });

  it('refuses an answer of the wrong shape', async () => {
    await expect(client(Response.json({ nonsense: true })).call('users.list')).rejects.toThrow();
  });
});
