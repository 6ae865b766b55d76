import { type RouteDefinition, routes } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createOpenApi } from './openapi.ts';

/** The parts of the OpenAPI 3.1 schema that a document of ours uses; strict, so that a misspelt field is found. */
const Schema = z.record(z.string(), z.unknown());
const Content = z.record(z.string().regex(/^[\w.+-]+\/[\w.+-]+$/), z.strictObject({ schema: Schema }));
const Parameter = z.strictObject({
  name: z.string(),
  in: z.enum(['path', 'query']),
  required: z.boolean(),
  style: z.literal('form').optional(),
  explode: z.boolean().optional(),
  schema: Schema,
});
const Operation = z.strictObject({
  operationId: z.string().regex(/^\w+$/),
  summary: z.string().min(1),
  description: z.string().optional(),
  tags: z.array(z.string()).length(1),
  security: z.array(z.partialRecord(z.enum(['token', 'session']), z.array(z.string()))),
  'x-permission': z.string().optional(),
  parameters: z.array(Parameter),
  requestBody: z.strictObject({ required: z.boolean(), content: Content }).optional(),
  responses: z.record(
    z.string().regex(/^(\d{3}|default)$/),
    z.strictObject({ description: z.string(), content: Content.optional() }),
  ),
});
const Document = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    description: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.array(z.strictObject({ url: z.string() })),
  tags: z.array(z.strictObject({ name: z.string() })),
  paths: z.record(
    z.string().startsWith('/api/v1/'),
    z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), Operation),
  ),
  components: z.strictObject({
    securitySchemes: z.record(z.string(), z.looseObject({ type: z.enum(['http', 'apiKey']) })),
    schemas: z.record(z.string(), Schema),
  }),
});

const document = Document.parse(JSON.parse(JSON.stringify(createOpenApi({ version: '1.2.3' }))));
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

test('every route is there, once', () => {
  expect(operations).toHaveLength(Object.keys(routes).length);
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
});

test('path parameters are those of the path, and required', () => {
  for (const { path, operation } of operations) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const described = operation.parameters.filter((parameter) => parameter.in === 'path');
    expect(described.map(({ name }) => name)).toEqual(named);
    expect(described.every(({ required }) => required)).toBe(true);
  }
});

test('public routes need nothing, the others a token or a session', () => {
  for (const definition of Object.values(routes) as RouteDefinition[]) {
    const path = definition.path.replace(/:(\w+)/g, '{$1}');
    const operation = operations.find((one) => one.path === path && one.method === definition.method.toLowerCase());
    expect(operation?.operation.security).toEqual(
      definition.access.kind === 'public' ? [] : [{ token: [] }, { session: [] }],
    );
  }
});

test('schemas are inlined: every reference leads somewhere', () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
  expect(new Set(references)).toEqual(new Set(['#/components/schemas/Error']));
});
