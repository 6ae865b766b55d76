import { describe, expect, it } from 'vitest';
import { createFolderTree, type FolderTree, pathOf } from './folder-tree.ts';

const treeOf = (...paths: readonly string[]): FolderTree => {
  const tree = createFolderTree();
  for (const path of ['/', ...paths]) tree.put(path, path);
  return tree;
};
const whereIs = (tree: FolderTree, key: string): string | undefined => {
  const folder = tree.byKey(key);
  return folder === undefined ? undefined : pathOf(folder);
};

describe('the tree of watched folders', () => {
  it('knows a folder by its key and by its path, also after one above it moved', () => {
    const tree = treeOf('/etc', '/etc/a', '/etc/a/b', '/srv');
    const [moved, above] = [tree.at('/etc/a'), tree.at('/srv')];
    if (moved === undefined || above === undefined) throw new Error('It is not there.');
    tree.move(moved, above, 'c');
    expect(whereIs(tree, '/etc/a/b')).toBe('/srv/c/b');
    expect(tree.at('/srv/c/b')?.key).toBe('/etc/a/b');
    expect(tree.at('/etc/a')).toBeUndefined();
  });

  it('forgets a folder with all below it, and what another one takes the place of', () => {
    const tree = treeOf('/etc', '/etc/a', '/etc/a/b', '/etc/c');
    tree.put('new', '/etc/a');
    expect(whereIs(tree, 'new')).toBe('/etc/a');
    expect(tree.byKey('/etc/a/b')).toBeUndefined();
    expect(tree.size()).toBe(4);
    const etc = tree.at('/etc');
    if (etc !== undefined) tree.remove(etc);
    expect(tree.size()).toBe(1);
  });

  it('takes a folder that is met at another place for moved, and puts none below itself', () => {
    const tree = treeOf('/etc', '/etc/a', '/etc/a/b');
    tree.put('/etc/a/b', '/etc/b');
    expect(whereIs(tree, '/etc/a/b')).toBe('/etc/b');
    tree.put('/etc', '/etc/a/etc');
    expect(whereIs(tree, '/etc/a')).toBe('/etc/a');
    tree.put('lost', '/nowhere/at/all');
    expect(tree.byKey('lost')).toBeUndefined();
  });
});
