import { type Access, ApiError, type RouteDefinition, routes } from '@parapet/contract/api';
import { z } from 'zod';

/** The API as an OpenAPI 3.1 document, made from the route table. */
export const createOpenApi = (options: { readonly version: string }): Readonly<Record<string, unknown>> => {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, definition] of Object.entries(routes) as [string, RouteDefinition][]) {
    const path = definition.path.replace(/:([A-Za-z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [definition.method.toLowerCase()]: operation(name, definition) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Parapet console',
      version: options.version,
      description:
        'Everything the web app does, it does through this API. Programs use an API token; browsers a session cookie and the header Origin on every change.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(Object.values(routes).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token (ppt_…).' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-parapet', description: 'Set by signing in.' },
      },
      schemas: { Error: jsonSchema(ApiError, 'output') },
    },
  };
};

const operation = (name: string, definition: RouteDefinition): Readonly<Record<string, unknown>> => ({
  operationId: name.replace('.', '_'),
  summary: definition.summary,
  tags: [definition.tag],
  ...security(definition.access),
  parameters: [...parameters('path', definition.params), ...parameters('query', definition.query)],
  ...requestBody(definition),
  responses: responses(definition),
});

const security = (access: Access): Readonly<Record<string, unknown>> => {
  if (access.kind === 'public') return { security: [] };
  return {
    security: [{ token: [] }, { session: [] }],
    ...(access.kind === 'permission'
      ? {
          'x-permission': access.permission,
          description: `Needs the permission \`${access.permission}\`.${access.scoped ? ' Answers with what lies in the caller’s scope.' : ''}`,
        }
      : {}),
  };
};

const parameters = (place: 'path' | 'query', schema: z.ZodObject | undefined): readonly unknown[] => {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    // Lists are given comma-separated.
    ...(place === 'query' ? { style: 'form', explode: false } : {}),
    schema: property,
  }));
};

const requestBody = (definition: RouteDefinition): Readonly<Record<string, unknown>> => {
  if (definition.bodyStream !== undefined) {
    return { requestBody: { required: true, content: { [definition.bodyStream]: { schema: {} } } } };
  }
  if (definition.body === undefined) return {};
  return {
    requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(definition.body, 'input') } } },
  };
};

const responses = (definition: RouteDefinition): Readonly<Record<string, unknown>> => ({
  ...success(definition),
  default: {
    description: 'Refused or failed.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  },
});

const success = (definition: RouteDefinition): Readonly<Record<string, unknown>> => {
  if (definition.responseStream !== undefined)
    return { 200: { description: 'A stream.', content: { [definition.responseStream]: { schema: {} } } } };
  if (definition.response === undefined) return { 204: { description: 'Done.' } };
  return {
    200: {
      description: 'Done.',
      content: { 'application/json': { schema: jsonSchema(definition.response, 'output') } },
    },
  };
};

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return rest;
};
