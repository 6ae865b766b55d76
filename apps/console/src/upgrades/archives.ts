import type { SensorArchive } from '@parapet/contract/wire';
import { fail, type Problem, problem, type Result } from '@parapet/core';

/** A sensor's program that this console can hand out, as a file. */
export type ReadyArchive = SensorArchive & { readonly path: string };

/** The sensors of this console's own version. */
export type SensorArchives = {
  /** For a processor as Node names it; the problem says why there is none. May make it first. */
  readonly forArchitecture: (architecture: string) => Promise<Result<ReadyArchive, Problem>>;
  /** Those that are ready now: for each processor the one that its hosts are to have. */
  readonly newest: () => readonly ReadyArchive[];
  /** One of them, or one of before that a download may still be at. */
  readonly find: (sha256: string) => ReadyArchive | undefined;
};

/** For a console that was started without a built program, as from its sources. */
export const noArchives: SensorArchives = {
  forArchitecture: async () =>
    fail(
      problem(
        'no-archive',
        'This console runs from its sources and has no sensor to hand out: start it with npm start.',
      ),
    ),
  newest: () => [],
  find: () => undefined,
};
