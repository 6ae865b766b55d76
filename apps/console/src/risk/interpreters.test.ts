import { describe, expect, it } from 'vitest';
import { contextOf } from './instance-context.ts';
import { filesToldOf, interpretersOf } from './interpreters.ts';
import { aHost, anEdge, aProcess } from './risk-cases.ts';
import { useOf, usesOf } from './use.ts';

const java = aProcess({
  name: 'java',
  executable: '/usr/lib/jvm/jre/bin/java',
  arguments: [
    'java',
    '-cp',
    '/app/a.jar:/app/lib/*',
    '-javaagent:/opt/agent.jar',
    '-jar',
    '/app/app.jar',
    'relative.jar',
  ],
});
const node = aProcess({ name: 'node', executable: '/usr/local/bin/node', arguments: ['node', '/srv/server.js'] });

describe('interpretersOf', () => {
  it.each([
    ['npm', '/usr/local/bin/node', true],
    ['npm', '/usr/bin/node-22', true],
    ['npm', '/usr/sbin/nginx', false],
    ['npm', '/usr/bin/node (deleted)', true],
    ['pypi', '/usr/bin/python3.11', true],
    ['gem', '/usr/bin/ruby3.1', true],
    ['composer', '/usr/sbin/php-fpm8.2', true],
    ['maven', '/usr/bin/java', true],
    ['golang', '/usr/bin/java', false],
    ['constructor', '/usr/bin/node', false],
  ])('%s is run by %s: %s', (type, executable, expected) => {
    expect(interpretersOf(type, [aProcess({ executable })]).length > 0).toBe(expected);
  });
});

describe('a process of java', () => {
  it('is told the archives it runs', () => {
    expect(filesToldOf(java)).toEqual(['/app/a.jar', '/app/lib/*', '/opt/agent.jar', '/app/app.jar']);
  });

  it('has those loaded', () => {
    const uses = usesOf([java], new Map([['/app/app.jar', [1, 2]]]), new Map([['maven', [1, 2, 3]]]));
    const host = aHost({ processes: [java] });
    expect(useOf(host, uses.get(1))).toMatchObject({ kind: 'loaded' });
    expect(useOf(host, uses.get(3))).toMatchObject({ kind: 'unknown', factor: { value: 0.5, known: false } });
    expect(useOf(host, uses.get(4))).toMatchObject({ kind: 'installed' });
  });
});

describe('packages that an interpreter may have read', () => {
  it('are of unknown use, and face what the interpreter faces', () => {
    const host = aHost({
      processes: [node],
      listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 443, executable: node.executable }],
      inbound: [anEdge({ executable: node.executable })],
    });
    const use = usesOf([node], new Map(), new Map([['npm', [7]]])).get(7);
    expect(contextOf(host, use)).toMatchObject({ useKind: 'unknown', exposureKind: 'internet' });
    expect(useOf(host, use).factor.reason).toBe('node runs on edge-01; which packages it has read cannot be seen');
  });
});
