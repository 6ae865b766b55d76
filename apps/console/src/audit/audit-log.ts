import type { AuditEntry } from '@parapet/contract/api';

export type AuditRecord = Omit<AuditEntry, 'id' | 'at' | 'details'> & { readonly details?: AuditEntry['details'] };

/** Where everything done and everything refused is written. Never throws: a failing log is itself logged and counted. */
export type AuditLog = {
  readonly record: (entry: AuditRecord) => Promise<void>;
};
