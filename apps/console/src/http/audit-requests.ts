import type { RouteDefinition, RouteName } from '@parapet/contract/api';
import { AppError, messageOf } from '@parapet/core';
import type { FastifyRequest } from 'fastify';
import { type AuditContext, auditContext } from '../audit/audit-context.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuditRecord } from '../audit/audit-record.ts';
import type { Caller } from './handler.ts';

/**
 * Records what came of a request that wanted to change something; of one that only reads, when it was refused to somebody
 * known. A handler that recorded it itself, because it knows more, is not doubled.
 */
export const recordOutcome = async (
  audit: AuditLog,
  name: RouteName,
  definition: RouteDefinition,
  request: FastifyRequest,
  caller: Caller | undefined,
  error?: unknown,
): Promise<void> => {
  const reads = definition.method === 'GET';
  if (reads && (error === undefined || caller === undefined || !isRefusal(error))) return;
  await audit.record({
    actor: actorOf(caller),
    action: name,
    outcome: error === undefined ? 'succeeded' : isExpected(error) ? 'refused' : 'failed',
    address: request.ip,
    ...targetOf(request),
    ...(error === undefined ? {} : { details: { reason: isExpected(error) ? messageOf(error) : 'internal error' } }),
  });
};

/** Runs a handler and records its outcome unless it did so itself. */
export const withAudit = <T>(
  audit: AuditLog,
  name: RouteName,
  definition: RouteDefinition,
  request: FastifyRequest,
  caller: Caller | undefined,
  handle: () => Promise<T>,
): Promise<T> => {
  const context: AuditContext = { recorded: false };
  return auditContext.run(context, async () => {
    try {
      const result = await handle();
      if (!context.recorded) await recordOutcome(audit, name, definition, request, caller);
      return result;
    } catch (error) {
      if (!context.recorded) await recordOutcome(audit, name, definition, request, caller, error);
      throw error;
    }
  });
};

export const actorOf = (caller: Caller | undefined): AuditRecord['actor'] =>
  caller === undefined ? { kind: 'anonymous', name: 'anonymous' } : { kind: caller.kind, name: caller.name };

const targetOf = (request: FastifyRequest): { target?: string } => {
  const values = Object.values((request.params ?? {}) as Record<string, unknown>).map(String);
  return values.length === 0 ? {} : { target: values.join(' ') };
};

const isRefusal = (error: unknown): boolean => error instanceof AppError && [401, 403].includes(error.status);
const isExpected = (error: unknown): boolean => error instanceof AppError && error.status < 500;
