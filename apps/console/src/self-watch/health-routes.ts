import { forbidden, unauthenticated } from '@parapet/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DatabaseHealth } from '../database/health.ts';
import { bearerOf } from '../http/mount.ts';
import type { Authenticator } from '../people/authenticator.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { Metrics } from './metrics.ts';

/** `/healthz`: the process answers. `/readyz`: it can do its work. `/metrics`: figures for Prometheus. */
export const mountHealth = (
  app: FastifyInstance,
  deps: {
    readonly health: DatabaseHealth;
    readonly guard: Pick<DiskGuard, 'state'>;
    readonly metrics: Metrics;
    readonly authenticator: Pick<Authenticator, 'identify'>;
    /** False while starting and stopping. */
    readonly isServing: () => boolean;
  },
): void => {
  app.get('/healthz', async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const database = await deps.health.check();
    // Reading goes on when the disk is full, so that is told and is no reason to send people elsewhere.
    const disk = deps.guard.state();
    const ready = database.state === 'ok' && deps.isServing();
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        status: ready ? 'ready' : 'not-ready',
        checks: { serving: deps.isServing() ? 'ok' : 'no', database: database.state, disk },
      });
  });
  app.get('/metrics', async (request, reply) => {
    await requireReader(request, deps.authenticator);
    return reply
      .type(deps.metrics.contentType)
      .header('cache-control', 'no-store')
      .send(await deps.metrics.text());
  });
};

/** From this machine, or with a token that may read the system's state. */
const requireReader = async (
  request: FastifyRequest,
  authenticator: Pick<Authenticator, 'identify'>,
): Promise<void> => {
  if (isLocal(request)) return;
  const bearer = bearerOf(request.headers.authorization);
  const caller = bearer === undefined ? undefined : await authenticator.identify({ bearer, session: undefined });
  if (caller === undefined) throw unauthenticated('Metrics need an API token with the permission system:read.');
  if (!caller.permissions.has('system:read')) throw forbidden('This token lacks the permission system:read.');
};

/** A proxy on this machine speaks for others, and says so. */
const isLocal = (request: FastifyRequest): boolean =>
  ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(request.ip) &&
  request.headers['x-forwarded-for'] === undefined &&
  request.headers['forwarded'] === undefined &&
  request.headers['via'] === undefined;
