/**
 * Stands in for `zod` in the build (see vite.config.ts). zod compiles schemas with `new Function` where it may; under the
 * page's `default-src 'self'` it may not, and its attempt to find out is reported as a violation on every page.
 */
import { config } from 'zod/v4';

config({ jitless: true });

export * from 'zod/v4';
