import { expect, it } from 'vitest';
import { createProxyLedger } from './proxy-ledger.ts';
import { end } from './testing/fakes.ts';

const container = end('172.17.0.2:80');
const target = { protocol: 'tcp', hostPort: 8080, container } as const;

it('excuses as many of the proxy’s own connections at each end as clients were accepted', () => {
  const ledger = createProxyLedger();
  ledger.setTargets([target]);
  expect(ledger.excuse('tcp', container, 'host')).toBe(false);
  ledger.accepted(target);
  expect(ledger.excuse('tcp', container, 'host')).toBe(true);
  expect(ledger.excuse('tcp', container, 'host')).toBe(false);
  expect(ledger.excuse('tcp', container, 'container')).toBe(true);
  expect(ledger.excuse('tcp', container, 'container')).toBe(false);
});

it('knows the targets there are, and forgets those that went', () => {
  const ledger = createProxyLedger();
  ledger.setTargets([target]);
  ledger.accepted(target);
  expect([ledger.isTarget('tcp', container), ledger.isTarget('udp', container)]).toEqual([true, false]);
  ledger.setTargets([]);
  ledger.accepted(target);
  expect(ledger.isTarget('tcp', container)).toBe(false);
  ledger.setTargets([target]);
  expect(ledger.excuse('tcp', container, 'host')).toBe(false);
});
