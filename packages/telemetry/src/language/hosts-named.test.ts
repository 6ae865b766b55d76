import { expect, it } from 'vitest';
import { hostsNamed } from './hosts-named.ts';
import { parseHunt } from './parse.ts';

const a = '11111111-1111-4111-8111-111111111111';
const b = '22222222-2222-4222-8222-222222222222';

it.each<readonly [string, readonly string[] | undefined]>([
  ['', undefined],
  [`host.id = ${a}`, [a]],
  [`process.name = nc and host.id = ${a}`, [a]],
  [`host.id in (${a}, ${b}) and event.action = exec`, [a, b]],
  [`(host.id = ${a} or host.id = ${b}) and (process.name = nc or user.id = 0)`, [a, b]],
  [`host.id = ${a} or process.name = nc`, undefined],
  [`not host.id = ${a}`, undefined],
  [`host.id != ${a}`, undefined],
  ['host.id = "1111*"', undefined],
  ['host.id = web-01', undefined],
  ['host.id exists', undefined],
])('the hosts that `%s` is about', (text, hosts) => {
  const hunt = parseHunt(text);
  if (!hunt.ok) throw new Error(hunt.error.message);
  expect(hostsNamed(hunt.value)).toEqual(hosts);
});
