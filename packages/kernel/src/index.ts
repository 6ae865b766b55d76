export { KernelError } from './kernel-error.ts';
export {
  createProcessEvents,
  type ProcessEvent,
  type ProcessEvents,
  type ProcessEventsOptions,
  type ProcessExit,
  type ProcessFork,
} from './process-events.ts';
