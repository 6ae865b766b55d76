export { type FileLock, lockFile } from './file-lock.ts';
export { type FileSystemKind, fileSystemKind } from './file-system-kind.ts';
export { KernelError } from './kernel-error.ts';
export { trimMemory } from './memory-trim.ts';
export { type NetworkNamespace, openNetworkNamespace } from './network-namespace.ts';
export {
  createProcessEvents,
  type ProcessEvent,
  type ProcessEvents,
  type ProcessEventsOptions,
  type ProcessExit,
  type ProcessFork,
} from './process-events.ts';
export { openRootFolder, type RootFolder, type RootFolderOptions } from './safe-open.ts';
