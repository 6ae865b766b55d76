import { type AuditTellerDeps, createAuditTeller } from './audit-teller.ts';
import { type EventSource, isInChain } from './event-source.ts';
import type { StartTeller } from './start-teller.ts';
import { createTracepointTeller } from './tracepoint-teller.ts';

/** What may tell of starts beside the process connector, best first, in a chain of sources that begins with `first`. */
export const createStartTellers = (
  first: EventSource,
  { rootPath, ...audit }: AuditTellerDeps & { readonly rootPath: string },
): readonly StartTeller[] =>
  [createTracepointTeller({ rootPath }), createAuditTeller(audit)].filter(({ name }) => isInChain(first, name));
