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
      rolldownOptions: {
        output: {
          codeSplitting: {
            groups: [
              // What every page needs comes in few files; what changes with each release apart from what does not.
              {
                name: 'react',
                test: /node_modules\/(react|react-dom|scheduler|@tanstack\/(react-router|router-core|history|store|react-store|react-query|query-core))\//,
              },
              { name: 'contract', test: /(node_modules\/zod|packages\/contract|src\/lib\/zod)/ },
              { name: 'components', test: /src\/(components|lib)\// },
            ],
          },
        },
      },
    },
    server: {
      proxy: { '/api': { target: 'https://localhost:8443', secure: false, changeOrigin: true } },
    },
  };
});
