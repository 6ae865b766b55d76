import type { MapNode } from '@parapet/contract/api';
import { describe, expect, it } from 'vitest';
import { describeNode, headlineOf, portsText } from './describe-node.ts';
import { shortNameOf } from './render/labels.ts';

const node = (label: string, more: Partial<MapNode> = {}): MapNode => ({
  id: label,
  kind: 'container',
  label,
  count: 1,
  status: 'running',
  exposed: false,
  ports: [],
  opens: false,
  ...more,
});

describe('what is said of a picture', () => {
  it('names who faces the Internet and the highest risk', () => {
    expect(headlineOf([node('web', { exposed: true }), node('api', { risk: 61.4 })])).toBe(
      'web faces the Internet; the highest risk is 61, api',
    );
    expect(headlineOf([node('a', { exposed: true }), node('b', { exposed: true })])).toBe('a and b face the Internet');
    expect(headlineOf([node('a', { risk: 3 })])).toBe('The Internet was not seen to reach any of these');
    expect(headlineOf([node('web', { kind: 'container-group', count: 12, exposed: true })])).toBe(
      'web ×12 faces the Internet',
    );
    expect(headlineOf(['x', 'y', 'z'].map((name) => node(name, { kind: 'zone', exposed: true, count: 900 })))).toBe(
      '3 zones face the Internet',
    );
    expect(headlineOf([node('Internet', { kind: 'internet' })])).toBe('Nothing runs here');
  });

  it('speaks of what is open, not of its neighbours', () => {
    const nodes = [node('h', { kind: 'host' }), node('in', { parent: 'h' }), node('out', { risk: 99, exposed: true })];
    expect(headlineOf(nodes)).toBe('The Internet was not seen to reach any of these');
  });

  it('describes a node in one line', () => {
    const spoken = describeNode(
      node('web', { risk: 91, exposed: true, opens: true, ports: [{ protocol: 'tcp', port: 443 }] }),
      2,
    );
    expect(spoken).toBe(
      'Container web, running, risk 91 of 100, critical, the Internet reaches it, listens on 443, 2 connections. Enter opens it.',
    );
  });

  it('writes ports', () => {
    expect(portsText([])).toBe('');
    expect(
      portsText([
        { protocol: 'tcp', port: 80 },
        { protocol: 'tcp', port: 443 },
      ]),
    ).toBe('tcp 80, 443');
    expect(
      portsText([
        { protocol: 'tcp', port: 80 },
        { protocol: 'udp', port: 53 },
      ]),
    ).toBe('tcp 80, udp 53');
  });
});

it('leaves the domain away where room is short, of hosts with names only', () => {
  const host = (label: string): string => shortNameOf(node(label, { kind: 'host' }));
  expect([host('edge-01.frankfurt.shop.example'), host('edge-01'), host('10.1.0.2')]).toEqual([
    ...['edge-01', 'edge-01', '10.1.0.2'],
  ]);
  expect(shortNameOf(node('registry.shop.example'))).toBe('registry.shop.example');
});
