import type { KernelWatch } from '../../kernel-watch/kernel-watch.ts';
import type { CollectorDefinition } from '../collector.ts';
import { startNetworkCollector } from './network-collector.ts';

/** Listening sockets, and who talks to whom after address translation. */
export const createNetworkCollector = (kernel: KernelWatch): CollectorDefinition => ({
  name: 'network',
  // It does something on every Linux; what it cannot see it says itself.
  needs: [],
  start: (context) => startNetworkCollector(context, kernel),
});
