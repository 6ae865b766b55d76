/** Another user to run PostgreSQL as; needed when we are root, which PostgreSQL refuses to run as. */
export type RunAs = { readonly uid: number; readonly gid: number };

/** What `spawn` takes to run a child as that user; nothing when it is the present one. */
export const spawnIdentity = (runAs: RunAs | undefined): Partial<RunAs> =>
  runAs === undefined || runAs.uid === process.getuid?.() ? {} : { uid: runAs.uid, gid: runAs.gid };
