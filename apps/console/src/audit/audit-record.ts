import type { AuditEntry } from '@parapet/contract/api';

export type AuditRecord = Omit<AuditEntry, 'id' | 'at' | 'details'> & { readonly details?: AuditEntry['details'] };
