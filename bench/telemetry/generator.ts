import koffi from 'koffi';
import { marker } from './marker.ts';

/**
 * Starts a program again and again, each time with a number of its own among its arguments: `node generator.ts PROGRAM RATE
 * SECONDS`. Says how many it started. posix_spawn is used directly: a rate of 10,000 a second is beyond Node's own.
 */
const [program = '', rate = '1000', seconds = '1'] = process.argv.slice(2);
const library = koffi.load(null);
const spawn = library.func('int posix_spawn(void *, const char *, void *, void *, const char **, const char **)');
const signal = library.func('uint64_t signal(int, uint64_t)');
const SIGCHLD = 17;
const SIG_IGN = 1;
// Children that nobody waits for end by themselves.
signal(SIGCHLD, SIG_IGN);

const wanted = Number(rate) * Number(seconds);
const pid = Buffer.alloc(4);
const startedAt = performance.now();
let started = 0;
let refused = 0;

const tick = (): void => {
  const due = Math.min(wanted, Math.floor(((performance.now() - startedAt) / 1000) * Number(rate)));
  while (started + refused < due) {
    const number = String(started);
    const failed = spawn(pid, program, null, null, [program, marker, number, `--last=${number}`, null], [null]);
    if (failed === 0) started += 1;
    else refused += 1;
  }
  if (started + refused < wanted) setTimeout(tick, 2);
  else process.send?.({ started, refused, tookMs: performance.now() - startedAt }, () => process.exit(0));
};
tick();
