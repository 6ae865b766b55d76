/** What the stores of containerd, Podman and CRI-O hold. Apart from the rest, because a sensor lists them all its life. */
export { configuredReader, containerdSetting, containersStorageSetting } from './configured-root.ts';
export { containerdReader } from './containerd-contents.ts';
export { containersStorageReader } from './containers-storage-contents.ts';
export type { StoreContents, StoredContainer, StoredImage, StoreReader } from './store-contents.ts';
export { containerdRoots, containersStorageRoot } from './store-roots.ts';
