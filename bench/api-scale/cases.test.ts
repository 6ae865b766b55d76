import { expect, test } from 'vitest';
import { type RouteName, routes } from '../../packages/contract/src/api/index.ts';
import { casesOf, leftOut } from './cases.ts';
import { budgetSize } from './fill.ts';

const id = '6b1c1c1e-0d2f-4f6e-8a54-4d1f7b1f0a01';
const cases = casesOf({
  size: budgetSize,
  ...{ host: id, image: id, container: id, finding: id, eventful: id, listed: { host: id, earlier: id } },
  ...{ vulnerability: 'CVE-2020-1', product: 'curl', fix: 'deb/curl@2.0', policyVersion: '1', process: '101:1' },
});
const pages = Object.entries(routes).filter(([, route]) => route.method === 'GET');

test('every GET route of the table is asked, or left out for a reason', () => {
  const asked = new Set<string>(cases.map(({ route }) => route));
  const told = pages.map(([name]) => (asked.has(name) ? 'asked' : leftOut[name as RouteName]));
  expect(pages.filter((_, at) => told[at] === undefined)).toEqual([]);
  expect(Object.keys(leftOut).filter((name) => asked.has(name))).toEqual([]);
});

test.each(pages.filter(([name]) => !(name in leftOut)))('%s takes what it is asked with', (name, route) => {
  const own = cases.filter(({ route }) => route === name);
  expect(new Set(own.map(({ name }) => name)).size).toBe(own.length);
  for (const { url } of own) {
    const { pathname, searchParams } = new URL(url, 'https://console.example');
    expect(pathname).not.toContain(':');
    const query = 'query' in route ? route.query.strict().safeParse(Object.fromEntries(searchParams)) : undefined;
    expect(query?.success ?? searchParams.size === 0, url).toBe(true);
  }
});
