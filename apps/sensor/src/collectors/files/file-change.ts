import type { EventAction } from '@parapet/contract/telemetry';

export type FileAction = Extract<EventAction, `file-${string}`>;

/** What happened to a file below a watched root; paths are those inside that root. */
export type FileChange = {
  readonly action: FileAction;
  /** The file; of a renaming where it was. `undefined` when it came from a folder that is not watched. */
  readonly path: string | undefined;
  /** Of a renaming where it is; `undefined` when it left the watched folders. */
  readonly target: string | undefined;
  readonly isFolder: boolean;
  /** 0 when it is not known who did it. */
  readonly pid: number;
};
