import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasNoDocker } from './docker-traces.ts';

let rootPath: string;
beforeEach(() => {
  rootPath = mkdtempSync(join(tmpdir(), 'docker-traces-'));
  mkdirSync(join(rootPath, 'run/lock'), { recursive: true });
});
afterEach(() => rmSync(rootPath, { recursive: true }));

const ask = (more: { isNamed?: boolean; isContainer?: boolean } = {}): boolean =>
  hasNoDocker(
    { kind: 'socket', path: join(rootPath, 'run/docker.sock'), isNamed: more.isNamed ?? false },
    { rootPath, isContainer: more.isContainer ?? false },
  );

describe('a host has no Docker', () => {
  it('where there is neither its socket nor its files, seen from a container too', () => {
    expect(ask()).toBe(true);
    expect(ask({ isContainer: true })).toBe(true);
  });

  it('but not where somebody says that there is one', () => {
    expect(ask({ isNamed: true })).toBe(false);
    expect(hasNoDocker({ kind: 'unsupported', reason: 'x' }, { rootPath, isContainer: false })).toBe(false);
  });

  it('nor where it was, or stopped', () => {
    mkdirSync(join(rootPath, 'var/lib/docker'), { recursive: true });
    expect(ask()).toBe(false);
    rmSync(join(rootPath, 'var'), { recursive: true });
    writeFileSync(join(rootPath, 'run/docker.sock'), '');
    expect(ask()).toBe(false);
  });

  it('nor where the host cannot be seen', () => {
    const ours = { kind: 'socket', path: '/var/run/docker.sock', isNamed: false } as const;
    expect(hasNoDocker(ours, { rootPath: '/', isContainer: true })).toBe(false);
    rmSync(join(rootPath, 'run/lock'), { recursive: true });
    expect(ask({ isContainer: true })).toBe(false);
    rmSync(join(rootPath, 'run'), { recursive: true });
    expect(ask({ isContainer: true })).toBe(false);
  });
});
