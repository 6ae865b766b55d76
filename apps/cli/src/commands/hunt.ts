import { AppError } from '@parapet/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ControlClient, createControlClient } from '../control/control-client.ts';
import { eventLine, eventRows, gapLines, hereOf } from '../output/hunt-output.ts';
import { createOutput } from '../output/print.ts';
import { defaultDataDir } from '../settings.ts';
import { countUpTo } from './count-argument.ts';

type HuntOptions = {
  readonly dataDir: string;
  readonly since: number;
  readonly until: number;
  readonly limit: number;
  readonly format: 'table' | 'ndjson';
};

const maxEvents = 100_000;
/** Events asked at once; the answer of the control socket has a limit in bytes. */
const pageEvents = 200;

export const addHuntCommand = (program: Command): void => {
  program
    .command('hunt')
    .description('events of hosts and containers that a hunt finds, newest first')
    .argument('[query]', "hunt text, e.g. 'process.name = nc and user.id = 0'; everything when left out", '')
    .option('--since <time>', '15m, 1h, 7d ago, or a time such as 2026-11-28T10:00:00Z', readTime, '1h')
    .option('--until <time>', 'the same; now when left out', readTime, 'now')
    .option('--limit <count>', `how many at most, up to ${maxEvents}`, countUpTo(maxEvents), 100)
    .addOption(new Option('--format <format>', 'how to print them').choices(['table', 'ndjson']).default('table'))
    .option('--data-dir <dir>', 'data folder of the running console', defaultDataDir())
    .action(async (query: string, options: Options) => {
      const now = Date.now();
      const chosen = { ...options, since: momentOf(options.since, now), until: momentOf(options.until, now) };
      if (chosen.since >= chosen.until) throw usage('The span ends before it begins: --since must be before --until.');
      await hunt(createControlClient(options.dataDir), query, chosen);
    });
};

type Options = Omit<HuntOptions, 'since' | 'until'> & { readonly since: string; readonly until: string };

const hunt = async (client: ControlClient, query: string, options: HuntOptions): Promise<void> => {
  const output = createOutput(false);
  let left = options.limit;
  let after: string | undefined;
  let found = 0;
  do {
    const page = await ask(client, query, options, Math.min(left, pageEvents), after);
    if (found === 0 && after === undefined) for (const line of gapLines(page.gaps)) process.stderr.write(`${line}\n`);
    if (options.format === 'ndjson') for (const event of page.items) process.stdout.write(`${eventLine(event)}\n`);
    else if (page.items.length > 0) output.line(eventRows(page.items, { withHeader: found === 0 }));
    found += page.items.length;
    left -= page.items.length;
    after = page.items.length === 0 ? undefined : page.next;
  } while (after !== undefined && left > 0);
  if (found === 0) process.stderr.write('No event of this span matches.\n');
  else if (after !== undefined) process.stderr.write(`There is more: the newest ${found} are shown; raise --limit.\n`);
};

const ask = async (
  client: ControlClient,
  q: string,
  { since, until }: HuntOptions,
  limit: number,
  after: string | undefined,
) => {
  const span = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
  try {
    return await client.call('hunt', { q, ...span, limit, ...(after === undefined ? {} : { after }) });
  } catch (error) {
    if (error instanceof AppError && error.code === 'bad-hunt') throw usage(hereOf(q, error.message, error.details));
    throw error;
  }
};

const usage = (message: string): AppError => new AppError('usage', 400, message);

export const readTime = (text: string): string => {
  if (momentOf(text, 0) === Number.NEGATIVE_INFINITY)
    throw new InvalidArgumentError('Give a span such as 15m, 1h, 7d, or a time such as 2026-11-28T10:00:00Z.');
  return text;
};

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds since the epoch of `15m` (ago), `now`, or an ISO instant; minus infinity for anything else. */
export const momentOf = (text: string, now: number): number => {
  if (text === 'now') return now;
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (unitMs[unit] ?? 0);
  const at = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  return Number.isNaN(at) ? Number.NEGATIVE_INFINITY : at;
};
