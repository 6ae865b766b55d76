import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConfig } from '../apps/console/src/config/config.ts';
import { parseEnvironment } from '../apps/console/src/config/env.ts';
import { type Console, startConsole } from '../apps/console/src/context/console.ts';
import { sessionCookie } from '../apps/console/src/people/session-cookie.ts';
import type { Scope } from '../packages/contract/src/api/index.ts';
import { permissions } from '../packages/contract/src/api/index.ts';
import { messageOf } from '../packages/core/src/index.ts';
import { type ApiCase, benchScope, casesOf, leftOut } from './api-scale/cases.ts';
import { cpuMs, databaseCpuMs } from './api-scale/cpu.ts';
import { budgetSize } from './api-scale/fill.ts';
import { openScaleStore } from './api-scale/store.ts';
import type { StoreSize } from './api-scale/store-size.ts';
import { eventStoreSize, prepareSubjects } from './api-scale/subjects.ts';
import { startWriter, writerRates } from './api-scale/writer.ts';

type Options = {
  readonly folder: string | undefined;
  readonly runs: number;
  readonly before: number;
  readonly only: string;
  readonly quiet: boolean;
  readonly scale: number;
};

/**
 * Asks every GET route of a real console in the ways people do, over 10,000 assets and 1,000,000 findings: first quietly for
 * CPU time (console and database), then while ingest and finding changes write, for p50 and p99.
 *
 * `--folder DIR` keeps the filled database for the next run; `--runs N` (default 40; with fewer than 100 the p99 is the slowest),
 * `--before N` (rounds before the writer, default 3), `--only TEXT` (cases whose name holds it), `--quiet` (no writer),
 * `--scale F` (0.1: a tenth of hosts and images).
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number | string>>> => {
  const options = optionsOf(args);
  await using store = await openScaleStore(sized(options.scale), options.folder);
  const { db } = store.connection;
  const dataDir = await mkdtemp(join(tmpdir(), 'ppt-api-'));
  await chmod(dataDir, 0o711);
  try {
    const consoleStartedAt = performance.now();
    await using running = await startConsole(
      createConfig(
        parseEnvironment({
          PARAPET_DATA_DIR: dataDir,
          PARAPET_HOST: '127.0.0.1',
          PARAPET_PORT: '0',
          DATABASE_URL: store.url,
        }),
      ),
      { rateLimits: { signIn: 1e6, links: 1e6, general: 1e6 } },
    );
    const ask = await createAsker(running);
    const inMemorySeconds = await findingsInMemory(running, consoleStartedAt);
    const subjects = await prepareSubjects(running, sized(options.scale));
    const cases = casesOf(subjects).filter(({ name }) => name.includes(options.only));
    const quiet = new Map<ApiCase, Figures>();
    process.stderr.write('p50 p99 cpu (ms), first quietly, then beside the writer\n');
    const before = options.quiet ? options.runs : options.before;
    for (const one of before > 0 ? cases : []) quiet.set(one, told(one, await measure(one, ask, before, store.pid())));
    const writer = options.quiet ? undefined : await startWriter(db);
    const busy = new Map<ApiCase, Figures>();
    const databaseBefore = databaseCpuMs(store.pid());
    const startedAt = performance.now();
    let written: Record<string, number> = {};
    let seconds = 0;
    try {
      for (const one of options.quiet ? [] : cases)
        busy.set(one, told(one, await measure(one, ask, options.runs, store.pid())));
    } finally {
      seconds = (performance.now() - startedAt) / 1000;
      written = (await writer?.stop()) ?? {};
    }
    const shown = options.quiet ? quiet : busy;
    const over = cases.filter((one) => (shown.get(one)?.p99Ms ?? 0) > 100);
    return {
      filledSeconds: store.filledSeconds,
      migratedSeconds: store.migratedSeconds,
      ...(await counts(db)),
      inMemorySeconds,
      inMemoryMb: Math.round(running.findingIndex.figures().bytes / 2 ** 20),
      events: eventStoreSize.hosts * eventStoreSize.eventsEach,
      cases: cases.length,
      routes: new Set(cases.map(({ route }) => route)).size,
      leftOut: Object.entries(leftOut)
        .map(([name, reason]) => `${name}: ${reason}`)
        .join('; '),
      casesOver100Ms: over.length,
      casesFailed: cases.filter((one) => (shown.get(one)?.failed ?? 0) > 0).length,
      worst: over
        .sort((a, b) => (shown.get(b)?.p99Ms ?? 0) - (shown.get(a)?.p99Ms ?? 0))
        .slice(0, 10)
        .map((one) => `${one.name} ${shown.get(one)?.p99Ms}`)
        .join('; '),
      medianOfP50Ms: middle(cases.map((one) => shown.get(one)?.p50Ms ?? 0)),
      medianOfP99Ms: middle(cases.map((one) => shown.get(one)?.p99Ms ?? 0)),
      medianCpuMs: middle(cases.map((one) => quiet.get(one)?.cpuMs ?? 0)),
      highestCpuMs: Math.max(...cases.map((one) => quiet.get(one)?.cpuMs ?? 0)),
      consoleRssMb: Math.round(process.memoryUsage().rss / 2 ** 20),
      ...written,
      ...(options.quiet
        ? {}
        : {
            writerFramesPerSecond: writerRates.framesPerSecond,
            databaseCores: Math.round(((databaseCpuMs(store.pid()) - databaseBefore) / 1000 / seconds) * 100) / 100,
          }),
      load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
};

const optionsOf = (args: readonly string[]): Options => {
  const given = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  return {
    folder: given('--folder'),
    runs: Number(given('--runs') ?? 40),
    before: Number(given('--before') ?? 3),
    only: given('--only') ?? '',
    quiet: args.includes('--quiet'),
    scale: Number(given('--scale') ?? 1),
  };
};

const sized = (scale: number): StoreSize => ({
  ...budgetSize,
  hosts: Math.round(budgetSize.hosts * scale),
  images: Math.round(budgetSize.images * scale),
  edges: Math.round(budgetSize.edges * scale),
});

/** Seconds from the console's start until searches of findings are answered from memory. */
const findingsInMemory = async ({ findingIndex }: Console, startedAt: number): Promise<number> => {
  while (findingIndex.figures().state === 'reading') await delay(50);
  return Math.round((performance.now() - startedAt) / 100) / 10;
};

type Ask = (one: ApiCase) => Promise<void>;

/** Sends a request as a signed-in caller; an answer that is no 200 is an error. */
const createAsker = async (running: Console): Promise<Ask> => {
  const { db } = running.platform;
  const owner = await db
    .insertInto('users')
    .values({
      id: crypto.randomUUID(),
      username: `bench-${Date.now()}`,
      password_hash: null,
      role: 'admin',
      scope: null,
      state: 'active',
      created_at: new Date(),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const tokenOf = async (scope: Scope): Promise<string> =>
    (
      await running.people.tokens.create({
        name: 'bench',
        role: 'admin',
        permissions,
        scope,
        expiresInDays: 1,
        createdBy: { id: owner.id, name: 'bench' },
      })
    ).secret;
  const tokens = { all: await tokenOf(null), scoped: await tokenOf(benchScope) };
  const { secret } = await running.people.sessions.open(db, owner, '127.0.0.1');
  return async (one) => {
    const credentials =
      one.route === 'session.get'
        ? { cookie: `${sessionCookie}=${secret}` }
        : { authorization: `Bearer ${one.scoped ? tokens.scoped : tokens.all}` };
    const response = await running.web.app.inject({
      method: 'GET',
      url: one.url,
      headers: { host: 'bench', ...credentials },
    });
    // A scoped caller may ask for what is not theirs.
    if (response.statusCode !== 200 && !(one.scoped && response.statusCode === 404))
      throw new Error(`${one.name} answered ${response.statusCode}: ${response.body.slice(0, 300)}`);
  };
};

type Figures = {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMs: number;
  /** Answers that were none; their time counts. */
  readonly failed: number;
};

/** One case that fails does not take the figures of the others along. */
const answered = async (one: ApiCase, ask: Ask): Promise<boolean> => {
  try {
    await ask(one);
    return true;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return false;
  }
};

const measure = async (one: ApiCase, ask: Ask, runs: number, postgresPid: number): Promise<Figures> => {
  // A case that fails at once is not asked again.
  if (!(await answered(one, ask))) return { p50Ms: 0, p99Ms: 0, cpuMs: 0, failed: 1 };
  if (one.restMs > 0) await delay(one.restMs);
  const times: number[] = [];
  let failed = 0;
  const before = cpuMs(postgresPid);
  for (let index = 0; index < runs; index += 1) {
    const from = performance.now();
    if (!(await answered(one, ask))) failed += 1;
    times.push(performance.now() - from);
    if (one.restMs > 0) await delay(one.restMs);
  }
  const cpu = (cpuMs(postgresPid) - before) / runs;
  times.sort((a, b) => a - b);
  const at = (share: number): number => tenth(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
  return { p50Ms: at(0.5), p99Ms: at(0.99), cpuMs: tenth(cpu), failed };
};

/** Says each figure as it comes: a run over all of them takes minutes. */
const told = (one: ApiCase, figures: Figures): Figures => {
  const columns = [figures.p50Ms, figures.p99Ms, figures.cpuMs].map((value) => String(value).padStart(8));
  process.stderr.write(
    `${columns.join('')} ${figures.failed > 0 ? 'x' : figures.p99Ms > 100 ? '!' : ' '} ${one.name}\n`,
  );
  return figures;
};

const counts = async (db: Console['platform']['db']): Promise<Record<string, number>> => {
  const assets = await db
    .selectFrom('assets')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirst();
  const findings = await db
    .selectFrom('findings')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirst();
  return { assets: Number(assets?.n ?? 0), findings: Number(findings?.n ?? 0) };
};

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const tenth = (value: number): number => Math.round(value * 10) / 10;
