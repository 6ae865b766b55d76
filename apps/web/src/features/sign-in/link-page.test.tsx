// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from '@tanstack/react-router';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

/** A second, which is the default, is not always enough on a busy machine. */
const patience = { timeout: 60_000 };

const inspected = { purpose: 'invitation', username: 'ben.ode', expiresAt: '2026-11-22T12:00:00.000Z' };

const setup = { needed: true, command: 'docker exec a1b2c3d4e5f6 parapet' };

type Sent = { readonly path: string; readonly body: unknown };
let sent: Sent[];
let answer: { status: number; body: unknown };
let container: HTMLElement;
let root: Root | undefined;

beforeEach(() => {
  sent = [];
  answer = { status: 200, body: inspected };
  vi.stubGlobal('fetch', async (path: string, init: { body?: string }) => {
    if (path === '/api/v1/setup') return new Response(JSON.stringify(setup));
    sent.push({ path, body: init.body === undefined ? undefined : JSON.parse(init.body) });
    return new Response(JSON.stringify(answer.body), { status: answer.status });
  });
  container = document.createElement('div');
  document.body.append(container);
});

afterEach(() => {
  root?.unmount();
  container.remove();
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** A fresh copy of the page each time, since the secret lives in its module. */
const open = async (hash: string): Promise<void> => {
  window.location.hash = hash;
  const { LinkPage } = await import('./link-page.tsx');
  const rootRoute = createRootRoute();
  const routes = [createRoute({ getParentRoute: () => rootRoute, path: '/link', component: LinkPage })];
  const router = createRouter({
    routeTree: rootRoute.addChildren(routes),
    history: createMemoryHistory({ initialEntries: ['/link'] }),
  });
  root = createRoot(container);
  root.render(
    <QueryClientProvider client={new QueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await vi.waitFor(() => expect(container.querySelector('[role="status"]')).toBeNull(), patience);
};

test('the secret is sent in the body only and leaves the address bar', async () => {
  await open('#s3cret');
  await vi.waitFor(() => expect(container.textContent).toContain('You are invited'), patience);
  expect(sent[0]).toEqual({ path: '/api/v1/links/inspect', body: { secret: 's3cret' } });
  expect(window.location.href).not.toContain('s3cret');
  expect(container.textContent).toContain('ben.ode');
  expect(container.querySelectorAll('input[type="password"]')).toHaveLength(2);
});

test('a refused link says why and how to get a new one', async () => {
  answer = { status: 410, body: { error: { code: 'gone', message: 'This link was used.', requestId: 'r1' } } };
  await open('#used');
  await vi.waitFor(() => expect(container.textContent).toContain('This link was used.'), patience);
  const command = `${setup.command} admin link`;
  await vi.waitFor(() => expect(container.textContent).toContain(command), patience);
});

test('a link without its secret is not sent anywhere', async () => {
  await open('');
  await vi.waitFor(() => expect(container.textContent).toContain('This link is incomplete'), patience);
  expect(sent).toEqual([]);
});
