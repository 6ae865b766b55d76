/**
 * Pictures of pages for the eye, and axe on each. Never part of the product.
 * `node apps/web/dev/look.ts --out DIR [--base URL] [--theme dark|light] [--size 1440x900] [--axe] [--state FILE] PATH...`
 * Signs in to the fake console, or takes the session of a real one from FILE (a browser's storage state).
 */
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright-core';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: '/tmp/parapet-look' },
    base: { type: 'string', default: 'http://127.0.0.1:5199' },
    theme: { type: 'string', default: 'dark' },
    size: { type: 'string', default: '1440x900' },
    axe: { type: 'boolean', default: false },
    state: { type: 'string' },
    click: { type: 'string' },
    keys: { type: 'string' },
    anonymous: { type: 'boolean', default: false },
    suffix: { type: 'string', default: '' },
  },
});

const [width = 1440, height = 900] = values.size.split('x').map(Number);
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
await mkdir(values.out, { recursive: true });

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const context = await browser.newContext({
  viewport: { width, height },
  colorScheme: values.theme === 'light' ? 'light' : 'dark',
  ignoreHTTPSErrors: true,
  ...(values.state === undefined ? {} : { storageState: values.state }),
  bypassCSP: values.axe,
});
if (!values.anonymous && values.state === undefined) {
  await context.request.post(`${values.base}/api/v1/session`, { data: { username: 'anna.keller', password: 'fake' } });
}

const look = async (path: string): Promise<void> => {
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      console.log(`  ${path} ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => console.log(`  ${path} threw: ${error.message}`));
  await page.goto(values.base + path, { waitUntil: 'load' });
  await page.waitForTimeout(900);
  if (values.click !== undefined) await page.locator(values.click).first().click();
  for (const key of values.keys?.split(' ') ?? []) await page.keyboard.press(key);
  if (values.click !== undefined || values.keys !== undefined) await page.waitForTimeout(600);
  const name = `${path.replace(/[^a-z0-9]+/gi, '_').slice(0, 60) || '_'}-${values.theme}-${width}${values.suffix}.png`;
  await page.screenshot({ path: join(values.out, name) });
  const overflow = Number(
    await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
  );
  if (overflow > 0) console.log(`  ${path}: ${overflow} px wider than the window`);
  if (values.axe) await reportAxe(page, path);
  console.log(name);
  await page.close();
};

type AxeResult = { violations: { id: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[] };

const reportAxe = async (page: Page, path: string): Promise<void> => {
  await page.evaluate(axeSource);
  const result = (await page.evaluate('axe.run()')) as AxeResult;
  for (const violation of result.violations) {
    console.log(`  ${path} axe ${violation.id} (${violation.nodes.length}): ${violation.help}`);
    for (const node of violation.nodes.slice(0, 3))
      console.log(`      ${node.target.join(' ')} :: ${node.failureSummary.replace(/\s+/g, ' ').slice(0, 220)}`);
  }
};

for (const path of positionals) await look(path);
await browser.close();
