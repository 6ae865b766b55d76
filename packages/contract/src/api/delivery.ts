import { z } from 'zod';
import { route, unscoped } from './route.ts';

export const SensorArchitecture = z.enum(['x64', 'arm64']);
export type SensorArchitecture = z.infer<typeof SensorArchitecture>;
export const SensorPackageKind = z.enum(['archive', 'image']);

/** What the console hands out for one processor, and how far it is with making it. */
export const SensorPackageState = z.object({
  kind: SensorPackageKind,
  architecture: SensorArchitecture,
  state: z.enum(['absent', 'making', 'ready', 'failed']),
  /** Why it could not be made, and what to do. */
  problem: z.string().optional(),
  sizeBytes: z.number().int().optional(),
  sha256: z.string().optional(),
  /** The C library in it; absent when the host's own is used. */
  libc: z.string().optional(),
});
export type SensorPackageState = z.infer<typeof SensorPackageState>;

/** What stands for the enrolment key in commands until there is one. */
export const enrolmentKeyWord = 'THE-ENROLMENT-KEY';

/** Commands for people, each good for one way to run a sensor; absent until what it needs is ready. */
export const SensorCommands = z.object({
  linux: z.string().optional(),
  docker: z.string().optional(),
  /** Loads the image; the compose file does the rest. */
  composeLoad: z.string().optional(),
  composeFile: z.string().optional(),
  /** Starts it, with the key for the first start. */
  composeUp: z.string().optional(),
});
export type SensorCommands = z.infer<typeof SensorCommands>;

export const SensorDelivery = z.object({
  version: z.string(),
  packages: z.array(SensorPackageState),
  commands: SensorCommands,
});
export type SensorDelivery = z.infer<typeof SensorDelivery>;

export const deliveryRoutes = {
  'sensorDelivery.get': route({
    method: 'GET',
    path: '/api/v1/sensor-delivery',
    summary:
      'What the console hands out to hosts, and the commands to install it; THE-ENROLMENT-KEY stands for the key',
    tag: 'sensors',
    access: unscoped('sensors:read'),
    response: SensorDelivery,
  }),
  'sensorDelivery.make': route({
    method: 'POST',
    path: '/api/v1/sensor-delivery',
    summary: 'Make the sensor’s archive or image for a processor, unless it is there',
    tag: 'sensors',
    access: unscoped('sensors:write'),
    body: z.object({ kind: SensorPackageKind, architecture: SensorArchitecture }),
    response: SensorDelivery,
  }),
} as const;
