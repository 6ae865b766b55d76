import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launchBrowser } from '@parapet/testkit';

/**
 * Takes a picture of every page of a running console: `node tools/pictures.ts URL USER PASSWORD FOLDER [wide|narrow] [dark|light] [NAME...]`.
 * With names only those. The pictures in docs/pictures are made with it of a demo that has run for some minutes.
 */
const [url, username, password, folder, size = 'wide', theme = 'dark', ...names] = process.argv.slice(2);
if (url === undefined || username === undefined || password === undefined || folder === undefined) {
  process.stderr.write('usage: node tools/pictures.ts URL USER PASSWORD FOLDER [wide|narrow] [dark|light] [NAME...]\n');
  process.exit(2);
}
const viewport = size === 'narrow' ? { width: 390, height: 844 } : { width: 1440, height: 900 };
await mkdir(folder, { recursive: true });
await using browser = await launchBrowser();
const { page, errors } = await browser.open({ ...viewport, theme: theme === 'light' ? 'light' : 'dark' });
await page.goto(url);
await page
  .getByLabel(/user ?name|name/i)
  .first()
  .fill(username);
await page
  .getByLabel(/password/i)
  .first()
  .fill(password);
await page.keyboard.press('Enter');
await page.getByRole('heading', { level: 1 }).first().waitFor();
await page.waitForURL((at) => !at.pathname.includes('sign-in'));

/** The first item of a list, by the API, so that pages of one thing have something to show. */
const firstId = async (path: string): Promise<string | undefined> =>
  page.evaluate(async (at) => {
    const answer = (await (await fetch(at)).json()) as { items: { id?: string; hostId?: string }[] };
    return answer.items[0]?.id ?? answer.items[0]?.hostId;
  }, path);
const host = await firstId('/api/v1/assets?kind=host&limit=1');
const container = await firstId('/api/v1/assets?kind=container&status=running&limit=1');
const finding = await firstId('/api/v1/findings?limit=1');
const pages: [string, string][] = [
  ['overview', '/'],
  ['map', '/map'],
  ['map-host', `/map?open=host:${host}`],
  ['findings', '/findings'],
  ['finding', `/findings/${finding}`],
  ['hunt', '/hunt?last=15'],
  ['hunt-tree', `/hunt?q=${encodeURIComponent(`host.id = ${host}`)}&view=tree&last=15`],
  ['timeline', `/hunt/timeline?containerId=${container}&last=5`],
  ['assets', '/assets'],
  ['asset-host', `/assets/${host}`],
  ['asset-packages', `/assets/${host}?tab=packages`],
  ['asset-container', `/assets/${container}`],
  ['packages', '/packages?q=openssl'],
  ['scans', '/scans'],
  ['scans-policy', '/scans?view=policy'],
  ['sensors', '/sensors'],
  ['sensor', `/sensors/${host}`],
  ['add-host', '/sensors/add'],
  ...['feeds', 'vex', 'people', 'tokens', 'keys', 'audit', 'telemetry', 'retention', 'console', 'about'].map(
    (name): [string, string] => [`settings-${name}`, `/settings/${name}`],
  ),
];
for (const [name, path] of pages) {
  if (names.length > 0 && !names.includes(name)) continue;
  await page.goto(url + path);
  await page.waitForLoadState('networkidle', { timeout: 5000 }).catch(() => undefined);
  // A picture of what is awaited shows nothing.
  const awaited = page.getByRole('status', { name: /^Loading/ }).first();
  await awaited.waitFor({ state: 'detached', timeout: 60_000 });
  await page.waitForTimeout(name.startsWith('map') ? 5000 : 1200);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  for (const error of errors.splice(0)) process.stderr.write(`${name}: ${error}\n`);
}
