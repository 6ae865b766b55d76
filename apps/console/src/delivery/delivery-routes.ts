import type { FastifyInstance } from 'fastify';
import type { RouteHandlers } from '../http/handler.ts';
import { rateLimitKey } from '../http/rate-limits.ts';
import type { Delivery } from './delivery.ts';
import type { Downloads } from './downloads.ts';

export type DeliveryRoutes = Pick<RouteHandlers, 'sensorDelivery.get' | 'sensorDelivery.make'>;

export const createDeliveryRoutes = (delivery: Delivery): DeliveryRoutes => ({
  'sensorDelivery.get': () => delivery.describe(),
  'sensorDelivery.make': async ({ body }) => {
    // It takes seconds to minutes; the answer says that it is being made.
    void delivery.make(body.kind, body.architecture);
    return delivery.describe();
  },
});

/** An address that installs one host asks twice; a fleet behind one address has some hundred hosts a minute. */
const downloadsPerMinute = 600;

/** The downloads, beside the table of routes: they are public, in ranges, and no part of the API. */
export const mountDownloads = (app: FastifyInstance, downloads: Downloads): void => {
  for (const url of ['/sensor/packages/:name', '/sensor/install/:name']) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      config: { rateLimit: { max: downloadsPerMinute, timeWindow: 60_000, groupId: 'downloads' } },
      handler: async (request, reply) => {
        reply.hijack();
        await downloads.answer(request.raw, reply.raw, rateLimitKey(request));
      },
    });
  }
};
