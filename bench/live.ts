import { buildBusyboxImage, docker, launchBrowser, removeContainer, runContainer } from '@parapet/testkit';
import { makeDataDir, removeDataDir, startParapet } from '../tests/support/parapet.ts';

const rounds = 40;

/** From the start of a container, by Docker's own clock, to its name in the page of a browser that shows the map. Needs root, Docker and Chromium. */
export const run = async (): Promise<Record<string, number>> => {
  const image = await buildBusyboxImage();
  const dataDir = await makeDataDir();
  const parapet = await startParapet({ dataDir });
  const started: string[] = [];
  await using browser = await launchBrowser();
  try {
    const { page } = await browser.open();
    await page.goto(parapet.adminLink() ?? '');
    await page.getByLabel('Name', { exact: true }).fill('bench');
    await page.getByLabel('Password', { exact: true }).fill('unrelated words are good');
    await page.getByLabel('Password, again').fill('unrelated words are good');
    await page.getByRole('button', { name: /Create admin/ }).click();
    await page.waitForURL(/\/map/);
    await page.goto(`${parapet.url}/map?table=true`);
    const table = page.getByRole('region', { name: 'The map as tables' });
    await table.waitFor();
    const latencies: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const name = `parapet-bench-${process.pid}-${round}`;
      // The page notes the moment itself, so that the time of asking it does not count.
      const shown = page.evaluate<number>(`(${whenShown})(${JSON.stringify(name)})`);
      started.push(await runContainer(image, ['--name', name], ['sleep', '600']));
      const startedAt = Date.parse(await docker('inspect', '--format', '{{.State.StartedAt}}', name));
      latencies.push((await shown) - startedAt);
      await removeContainer(name);
    }
    latencies.sort((a, b) => a - b);
    const at = (share: number): number =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
    return { rounds, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) };
  } finally {
    for (const id of started) await removeContainer(id);
    await parapet.stop();
    await removeDataDir(dataDir);
  }
};

/** Runs in the page: resolves with the clock when a text appears. */
const whenShown = `(wanted) => new Promise((resolve) => {
  const look = () => {
    if (!document.body.innerText.includes(wanted)) return;
    observer.disconnect();
    resolve(Date.now());
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
})`;
