import { AsyncLocalStorage } from 'node:async_hooks';

/** Whether what happens in a request was already recorded by its handler, so that the edge need not record it again. */
export type AuditContext = { recorded: boolean };

export const auditContext = new AsyncLocalStorage<AuditContext>();
