import type { Problem, Result } from '@parapet/core';

/** An image as a store lists it. */
export type StoredImage = {
  /** `sha256:…` of the configuration: the image's identity. */
  readonly configDigest: string;
  /** Names with a tag. */
  readonly tags: readonly string[];
  /** Names with the digest of a manifest. */
  readonly repoDigests: readonly string[];
  /** Of its unpacked layers; where it is not unpacked, of their archives. */
  readonly sizeBytes: number;
  /** When it was made, and when the store got it: milliseconds since the Unix epoch. */
  readonly createdAt?: number;
  readonly storedAt?: number;
  /** As images call it, e.g. `amd64`. */
  readonly architecture?: string;
  readonly labels: Readonly<Record<string, string>>;
};

/** A container as a store lists it, whether it runs or not. */
export type StoredContainer = {
  readonly id: string;
  /** Empty where its engine knows it by its id alone. */
  readonly name: string;
  /** The name it was started by. */
  readonly imageName: string;
  /** Of its image, where the store still has that. */
  readonly configDigest?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The folder of what it wrote since its image, where the store keeps that apart. */
  readonly upperDir?: string;
};

export type StoreContents = {
  /** Whose store it is. */
  readonly engine: 'containerd' | 'podman' | 'cri-o';
  readonly images: readonly StoredImage[];
  readonly containers: readonly StoredContainer[];
  /** Images that could not be read, at most some dozens. */
  readonly problems: readonly Problem[];
};

/** Lists what one store holds, again and again; what cannot have changed is not read twice. */
export type StoreReader = {
  readonly root: string;
  /** Changes whenever what is listed may have changed. Fails with `not-found` where no store is. */
  readonly stamp: () => Promise<Result<string, Problem>>;
  readonly read: () => Promise<Result<StoreContents, Problem>>;
};

/** A node holds some hundred. */
export const maxListed = 5000;
export const maxListProblems = 32;

/** Names with a tag and names with a digest; what has neither is no name that a person gave. */
export const sortNames = (names: readonly string[]): Pick<StoredImage, 'tags' | 'repoDigests'> => ({
  tags: names.filter((name) => !name.includes('@') && !isDigest(name)).toSorted(),
  repoDigests: names.filter((name) => /@sha256:[0-9a-f]{64}$/.test(name)).toSorted(),
});

export const isDigest = (name: string): boolean => /^sha256:[0-9a-f]{64}$/.test(name);

/** The name of the manifest by which a tag is known: `docker.io/library/app:1` as `docker.io/library/app@sha256:…`. */
export const withDigest = (name: string, manifestDigest: string): string =>
  `${name.replace(/:[^/:]*$/, '')}@${manifestDigest}`;
