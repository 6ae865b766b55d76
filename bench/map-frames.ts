import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { z } from 'zod';

/** What the page measures, in milliseconds. */
const Opened = z.object({
  works: z.literal(true),
  marks: z.number(),
  layoutMs: z.number(),
  layoutKeepingMs: z.number(),
  firstFrameMs: z.number(),
});
/** The time of each frame while panning. */
const Panned = z.array(z.number());

const frames = 150;

/**
 * Pans the real stage with 2,000 marks in Chromium on software GL, the slowest machine anyone has. The budget: no frame over
 * 100 ms, 30 frames a second while panning.
 */
export const run = async (): Promise<Readonly<Record<string, number | string>>> => {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-map-frames-'));
  const root = join(import.meta.dirname, '../apps/web/dev/map-frames');
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: { outDir: folder, emptyOutDir: true, target: 'es2022' },
  });
  const server = await serve(folder);
  const launched = await chromium.launchServer({ executablePath: '/usr/bin/chromium', args: browserArguments });
  try {
    const browser = await chromium.connect(launched.wsEndpoint());
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`http://127.0.0.1:${portOf(server)}/`);
    await page.waitForFunction('window.openMap !== undefined');
    const opened = Opened.parse(await page.evaluate('window.openMap()'));
    const pan = async (zoom: number) => {
      const before = await cpuMsBelow(launched.process().pid ?? 0);
      const times = Panned.parse(await page.evaluate(`window.panMap(${zoom}, ${frames})`));
      return { times, cpuMs: (await cpuMsBelow(launched.process().pid ?? 0)) - before };
    };
    return {
      marks: opened.marks,
      layoutMs: round(opened.layoutMs),
      layoutKeepingMs: round(opened.layoutKeepingMs),
      firstFrameMs: round(opened.firstFrameMs),
      ...figuresOf('panWhole', await pan(1)),
      ...figuresOf('panZoomed', await pan(2.5)),
    };
  } finally {
    await launched.close();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
};

/** CPU time of a process and all below it: unlike the wall clock it says the same on a busy machine. */
const cpuMsBelow = async (root: number): Promise<number> => {
  const children = new Map<number, number[]>();
  const cpuMs = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '') : '';
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 13) continue;
    cpuMs.set(pid, (Number(fields[11]) + Number(fields[12])) * 10);
    const parent = Number(fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const sum = (pid: number): number =>
    (cpuMs.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(root);
};

const browserArguments = [
  '--headless=new',
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

type Pan = { readonly times: readonly number[]; readonly cpuMs: number };

const figuresOf = (name: string, { times, cpuMs }: Pan): Readonly<Record<string, number>> => {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  const sum = times.reduce((total, time) => total + time, 0);
  return {
    [`${name}P50Ms`]: at(0.5),
    [`${name}P99Ms`]: at(0.99),
    [`${name}MaxMs`]: at(1),
    [`${name}CpuPerFrameMs`]: round(cpuMs / Math.max(1, times.length)),
    [`${name}FramesPerSecond`]: round((times.length * 1000) / Math.max(1, sum)),
  };
};

const round = (value: number): number => Math.round(value * 10) / 10;

const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

const serve = async (folder: string): Promise<Server> => {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = path === '/' ? '/index.html' : path;
    readFile(join(folder, file)).then(
      (content) => response.writeHead(200, { 'content-type': types[extname(file)] ?? 'text/plain' }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};
