import { access } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { notFound } from '@parapet/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Serves the built web app: files that carry their hash in the name for ever, the page itself never from a cache. */
export const serveWebApp = async (app: FastifyInstance, webDir: string): Promise<void> => {
  await app.register(fastifyStatic, {
    root: webDir,
    serve: true,
    wildcard: true,
    index: false,
    redirect: false,
    dotfiles: 'ignore',
    preCompressed: true,
    suppressWarning: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header('cache-control', /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.get('/', (_request, reply) => sendPage(reply, webDir));
  app.setNotFoundHandler((request, reply) => {
    if (isPage(request)) return sendPage(reply, webDir);
    throw notFound(request.url.startsWith('/api/') ? 'This API route' : 'This page');
  });
};

/** Paths of the web app have no extension; what has one is a file that should have been there. */
const isPage = (request: FastifyRequest): boolean => {
  const path = request.url.split('?', 1)[0] ?? '';
  return (
    (request.method === 'GET' || request.method === 'HEAD') &&
    !path.startsWith('/api/') &&
    !/\.[A-Za-z0-9]+$/.test(path)
  );
};

const sendPage = async (reply: FastifyReply, webDir: string): Promise<FastifyReply> => {
  if (await exists(join(webDir, 'index.html'))) return reply.sendFile('index.html');
  return reply.code(503).header('cache-control', 'no-store').type('text/html; charset=utf-8').send(unbuiltPage);
};

const exists = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const unbuiltPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Parapet</title></head><body>
<h1>The web app is not built</h1>
<p>The console runs and its API answers, but the pages are missing. Run <code>npm start</code> in the checkout, which builds them, then reload.</p>
</body></html>
`;
