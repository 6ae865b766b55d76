import { marker } from './marker.ts';
import { createStarter } from './start-program.ts';

/**
 * Starts a program again and again, each time with a number of its own among its arguments: `node generator.ts PROGRAM RATE
 * SECONDS`. Says how many it started. posix_spawn is used directly: a rate of 10,000 a second is beyond Node's own.
 */
const [program = '', rate = '1000', seconds = '1'] = process.argv.slice(2);
const start = createStarter(program);

const wanted = Number(rate) * Number(seconds);
const startedAt = performance.now();
let started = 0;
let refused = 0;

const tick = (): void => {
  const due = Math.min(wanted, Math.floor(((performance.now() - startedAt) / 1000) * Number(rate)));
  while (started + refused < due) {
    const number = String(started);
    if (start([marker, number, `--last=${number}`])) started += 1;
    else refused += 1;
  }
  if (started + refused < wanted) setTimeout(tick, 2);
  else process.send?.({ started, refused, tookMs: performance.now() - startedAt }, () => process.exit(0));
};
tick();
