import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { containersInCgroup } from '../../proc/container-ids.ts';
import type { KnownContainer } from '../workload-directory.ts';
import { createWantedNamespaces } from './wanted-namespaces.ts';

const outer = 'a'.repeat(64);
const inner = 'b'.repeat(64);
const hostInode = 1;

/** A /proc whose processes are each in a network namespace and in containers, and what a runtime told of them. */
const createStage = () => {
  const procPath = mkdtempSync(join(tmpdir(), 'ppt-wanted-'));
  const told = new Map<string, number | undefined>();
  const chains = new Map<number, readonly string[]>();
  const look = createWantedNamespaces(
    {
      procPath,
      workloads: {
        containers: () => [...told].map(([id, pid]) => ({ key: `docker:${id}`, pid }) as KnownContainer),
        process: (pid) => {
          const id = chains.get(pid)?.at(-1);
          const containerKey = id === undefined ? undefined : `docker:${id}`;
          return { key: `${pid}:1`, pid, executable: '/bin/true', containerKey };
        },
      },
    },
    hostInode,
  );
  return {
    procPath,
    run: (pid: number, inode: number, chain: readonly string[]) => {
      const path = join(procPath, String(pid));
      mkdirSync(join(path, 'ns'), { recursive: true });
      symlinkSync(`net:[${inode}]`, join(path, 'ns/net'));
      const text = `4:memory:${chain.map((id) => `/docker/${id}`).join('')}\n`;
      expect(containersInCgroup(text).map(({ id }) => id)).toEqual(chain);
      writeFileSync(join(path, 'cgroup'), text);
      chains.set(pid, chain);
    },
    end: (pid: number) => rmSync(join(procPath, String(pid)), { recursive: true }),
    tell: (id: string, pid: number | undefined) => void told.set(id, pid),
    untell: (id: string) => void told.delete(id),
    look: (thorough: boolean) =>
      [...look(thorough)].map(([inode, { isNested, containerKeys }]) => ({
        inode,
        isNested,
        ids: containerKeys.map((key) => key.slice('docker:'.length)),
      })),
  };
};

describe('network namespaces of containers', () => {
  const made: string[] = [];
  const stage = (): ReturnType<typeof createStage> => {
    const created = createStage();
    made.push(created.procPath);
    // A host without containers is not looked through.
    created.tell('c'.repeat(64), undefined);
    return created;
  };
  afterEach(() => {
    for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
  });

  it('are those that containers start in, one for all that share it; the host’s own is none', () => {
    const { run, tell, look } = stage();
    run(10, 2, [outer]);
    run(11, 2, [inner]);
    run(12, hostInode, ['d'.repeat(64)]);
    run(13, 3, []);
    tell(outer, 10);
    tell(inner, 11);
    tell('d'.repeat(64), 12);
    expect(look(true)).toEqual([{ inode: 2, isNested: false, ids: [outer, inner] }]);
  });

  it('are taken for a container’s own until its runtime tells, and stay so when it is over before', () => {
    const { run, tell, untell, end, look } = stage();
    run(10, 2, [outer]);
    const own = [{ inode: 2, isNested: false, ids: [outer] }];
    expect(look(true)).toEqual(own);
    tell(outer, undefined);
    expect(look(false)).toEqual(own);
    tell(outer, 10);
    end(10);
    expect(look(false)).toEqual(own);
    untell(outer);
    expect(look(false)).toEqual(own);
    expect(look(true)).toEqual([]);
  });

  it('are nested where a container inside a container is, told or not', () => {
    const { run, tell, look } = stage();
    run(11, 3, [outer, inner]);
    expect(look(true)).toEqual([{ inode: 3, isNested: true, ids: [inner] }]);
    run(10, 2, [outer]);
    tell(outer, 10);
    expect(look(true)).toEqual([
      { inode: 2, isNested: false, ids: [outer] },
      { inode: 3, isNested: true, ids: [inner] },
    ]);
  });

  it('are nested once it is told that their container started elsewhere, and after its end', () => {
    const { run, tell, untell, look } = stage();
    run(10, 2, [outer]);
    run(11, 3, [outer]);
    expect(look(true).map(({ isNested }) => isNested)).toEqual([false, false]);
    tell(outer, 10);
    const own = { inode: 2, isNested: false, ids: [outer] };
    const made = { inode: 3, isNested: true, ids: [outer] };
    expect(look(false)).toEqual([own, made]);
    untell(outer);
    expect(look(false)).toContainEqual(made);
    expect(look(true)).toEqual([own, made]);
  });

  it('are nested where the container is on the host’s network', () => {
    const { run, tell, look } = stage();
    run(10, hostInode, [outer]);
    run(11, 3, [outer]);
    tell(outer, 10);
    expect(look(true)).toEqual([{ inode: 3, isNested: true, ids: [outer] }]);
  });
});
