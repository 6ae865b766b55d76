import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { precompress } from './precompress.ts';

/** Built to `build/web`, which the console serves. Nothing is inlined: the page runs under `default-src 'self'`. */
export default defineConfig(({ command }) => {
  // A build started from a test run would otherwise carry React's development half.
  if (command === 'build') process.env.NODE_ENV = 'production';
  return {
    root: fileURLToPath(new URL('.', import.meta.url)),
    plugins: [react(), precompress()],
    resolve: { alias: [{ find: /^zod$/, replacement: fileURLToPath(new URL('src/lib/zod.ts', import.meta.url)) }] },
    build: {
      outDir: fileURLToPath(new URL('../../build/web', import.meta.url)),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      target: 'es2022',
      reportCompressedSize: false,
    },
    server: {
      proxy: { '/api': { target: 'https://localhost:8443', secure: false, changeOrigin: true } },
    },
  };
});
