import { ApiError } from './common.ts';
import type { RouteDefinition } from './route.ts';
import { type InputOf, type ResultOf, type RouteName, routes } from './routes.ts';

/** A refused or failed request. `status` 0 means that no answer came. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  /** What the console says beside the sentence, e.g. where a hunt goes wrong. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: string,
    message: string,
    requestId?: string,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'ApiFailure';
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.details = details;
  }
}

export type ClientOptions = {
  /** Empty in a browser; `https://host:port` elsewhere. */
  readonly baseUrl: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly headers?: Readonly<Record<string, string>>;
};

export type ApiClient = {
  /** Calls a route of the table and parses its answer by the route's schema. Throws ApiFailure. */
  readonly call: <N extends RouteName>(
    name: N,
    ...input: keyof InputOf<N> extends never ? [input?: CallExtras] : [input: InputOf<N> & CallExtras]
  ) => Promise<ResultOf<N>>;
  /** The URL of a route, e.g. for a download link. */
  readonly url: <N extends RouteName>(name: N, input?: Partial<InputOf<N>>) => string;
};
export type CallExtras = { readonly signal?: AbortSignal; readonly stream?: NonNullable<RequestInit['body']> };

/** A typed client over the route table. */
export const createApiClient = (options: ClientOptions): ApiClient => {
  const doFetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  return {
    url: (name, input) => options.baseUrl + pathOf(routes[name], input as LooseInput | undefined),
    call: async (name, ...[input]) => {
      const definition: RouteDefinition = routes[name];
      const loose = (input ?? {}) as LooseInput & CallExtras;
      const response = await send(doFetch, definition, options, loose);
      if (!response.ok) throw await failureOf(response);
      if (definition.response === undefined) return undefined as never;
      return definition.response.parse(await response.json()) as never;
    },
  };
};

type LooseInput = {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
};

const send = async (
  doFetch: typeof globalThis.fetch,
  definition: RouteDefinition,
  options: ClientOptions,
  input: LooseInput & CallExtras,
): Promise<Response> => {
  const json = input.body === undefined ? undefined : JSON.stringify(input.body);
  const body = input.stream ?? json;
  const contentType =
    input.stream === undefined
      ? json === undefined
        ? {}
        : { 'content-type': 'application/json' }
      : { 'content-type': definition.bodyStream ?? 'application/octet-stream' };
  try {
    return await doFetch(options.baseUrl + pathOf(definition, input), {
      method: definition.method,
      headers: { accept: 'application/json', ...contentType, ...options.headers },
      ...(body === undefined ? {} : { body, duplex: 'half' }),
      ...(input.signal === undefined ? {} : { signal: input.signal }),
    });
  } catch (error) {
    if (input.signal?.aborted === true) throw error;
    throw new ApiFailure(0, 'unreachable', 'The console does not answer.');
  }
};

const pathOf = (definition: RouteDefinition, input: LooseInput | undefined): string => {
  const path = definition.path.replace(/:([A-Za-z]+)/g, (_, name: string) =>
    encodeURIComponent(String(input?.params?.[name] ?? '')),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(input?.query ?? {})) {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    search.set(name, Array.isArray(value) ? value.join(',') : String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
};

const failureOf = async (response: Response): Promise<ApiFailure> => {
  const parsed = ApiError.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) return new ApiFailure(response.status, 'unknown', `The console answered ${response.status}.`);
  const { code, message, requestId, details } = parsed.data.error;
  return new ApiFailure(response.status, code, message, requestId, details);
};
