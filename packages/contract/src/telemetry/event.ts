import { z } from 'zod';
import {
  eventActions,
  type FieldType,
  maxListLength,
  maxTextLength,
  optionalFields,
  requiredFields,
} from './fields.ts';

/** A telemetry event as a sensor tells it: flat, with the fields of the table that are known. */
const text = z.string().max(maxTextLength);
const ip = z.string().min(2).max(45);
const schemas = {
  keyword: text,
  keywords: z.array(text).max(maxListLength),
  number: z.number().int(),
  boolean: z.boolean(),
  ip,
  ips: z.array(ip).max(maxListLength),
  time: z.number().int().nonnegative().max(8.64e18),
} as const satisfies Readonly<Record<FieldType, z.ZodType>>;

type SchemaOf<F extends { readonly type: FieldType }> = (typeof schemas)[F['type']];
type Optional = { readonly [K in keyof typeof optionalFields]: z.ZodOptional<SchemaOf<(typeof optionalFields)[K]>> };
type Required = { readonly [K in keyof typeof requiredFields]: SchemaOf<(typeof requiredFields)[K]> };

const optional = Object.fromEntries(
  Object.entries(optionalFields).map(([name, { type }]) => [name, schemas[type].optional()]),
) as Optional;
const required = Object.fromEntries(
  Object.entries(requiredFields).map(([name, { type }]) => [name, schemas[type]]),
) as Required;

export const TelemetryEvent = z.object({ ...required, 'event.action': z.enum(eventActions), ...optional });
export type TelemetryEvent = z.infer<typeof TelemetryEvent>;
