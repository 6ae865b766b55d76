import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildDebianImage,
  chromium,
  describeWith,
  docker,
  dockerDaemon,
  eventually,
  goTo,
  kernelTypes,
  launchBrowser,
  programOf,
  removeContainer,
  root,
  runContainer,
  type TestBrowser,
} from '@parapet/testkit';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeBundle } from '../../apps/console/src/feeds/testing/make-bundle.ts';
import { accessibilityViolations } from '../support/axe.ts';
import { makeDataDir, type RunningParapet, removeDataDir, startParapet } from '../support/parapet.ts';

/** A program of the package perl-base, which the invented advisory below is about, that listens. */
const server = [
  'perl',
  '-MIO::Socket',
  '-e',
  'my $s=IO::Socket::INET->new(LocalPort=>8080,Listen=>9,ReuseAddr=>1) or die; while(my $c=$s->accept){print $c "hi\\n";close $c}',
];
const shop = `parapet-e2e-shop-${process.pid}`;
const latecomer = `parapet-e2e-late-${process.pid}`;
const password = 'unrelated words are good';
/** Scans stand behind everything else on a busy machine, and one waits for the other. */
const scanMs = 600_000;
/** Longer than one action may take, so that what failed once is tried again. */
const patienceMs = 240_000;
const widerThanWindowPx = 'Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)';

describeWith([root, chromium, dockerDaemon, programOf('debootstrap')], 'the main job in a browser', () => {
  let dataDir = '';
  let parapet: RunningParapet;
  let browser: TestBrowser;
  let page: Page;
  let errors: string[];
  let beforeLatecomer = '';

  beforeAll(async () => {
    const image = await buildDebianImage();
    await runContainer(image, ['--name', shop], server);
    dataDir = await makeDataDir();
    parapet = await startParapet({ dataDir });
    browser = await launchBrowser();
    ({ page, errors } = await browser.open());
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await parapet?.stop();
    await removeContainer(shop);
    await removeContainer(latecomer);
    await removeDataDir(dataDir);
  });

  const open = async (path: string): Promise<void> => {
    await goTo(page, parapet.url + path);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
  };
  /** The map as tables, read as text: what a screen reader reads too. */
  const mapText = async (path: string): Promise<string> => {
    await open(path);
    return page.getByRole('region', { name: 'The map as tables' }).innerText();
  };
  /** The first item of a list of the API, as the signed-in person sees it. */
  const firstId = async (path: string): Promise<string> => {
    const list = await page.evaluate<{ items: { id: string }[] }>(
      `fetch(${JSON.stringify(path)}).then((answer) => answer.json())`,
    );
    return list.items[0]?.id ?? 'none';
  };
  const expectAccessible = async (): Promise<void> => {
    expect(await accessibilityViolations(page)).toEqual([]);
  };
  const expectAccessibleHowever = async (path: string): Promise<void> => {
    for (const scheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 850 });
        await open(path);
        await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => undefined);
        expect(await accessibilityViolations(page), `${scheme}, ${width} px`).toEqual([]);
        expect(await page.evaluate(widerThanWindowPx), `${scheme}, ${width} px: it scrolls sideways`).toBe(0);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  };

  it('makes the first admin by the one-time link and shows the map with this host', async () => {
    await goTo(page, parapet.adminLink() ?? '');
    await page.getByRole('heading', { name: 'Create the first admin' }).waitFor();
    await expectAccessible();
    await page.getByLabel('Name', { exact: true }).fill('ada');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByLabel('Password, again').fill(password);
    await page.getByRole('button', { name: 'Create admin and open Parapet' }).click();
    await page.waitForURL(/\/map/);
    await page.locator('canvas').first().waitFor();
    await eventually(
      'the container on the map',
      async () => (await mapText('/map?table=true')).includes(shop),
      patienceMs,
    );
    await expectAccessible();
  });

  it('does not take the one-time link twice', async () => {
    const other = await browser.open();
    await goTo(other.page, parapet.adminLink() ?? '');
    await other.page.getByRole('heading', { name: 'This link cannot be used' }).waitFor();
    await other.context.close();
  });

  it('shows the container with its packages', async () => {
    await open(`/assets?q=${shop}`);
    await page.getByRole('link', { name: shop }).first().click();
    await page.getByRole('heading', { name: shop }).first().waitFor();
    const id = await firstId(`/api/v1/assets?q=${shop}`);
    await eventually(
      'packages of the container',
      async () => {
        await open(`/assets/${id}?tab=packages`);
        await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => undefined);
        // The first packages by name: the list draws only what is in view.
        return page.getByText('base-files').first().isVisible();
      },
      scanMs,
    );
    await expectAccessible();
  });

  it('says plainly that there are no feeds and what to do', async () => {
    await open('/settings/feeds');
    await page
      .getByText(/feeds update|Update now|import/i)
      .first()
      .waitFor();
    await expectAccessible();
  });

  it('imports a bundle and ranks what is vulnerable with reasons', async () => {
    const bundle = join(dataDir, 'bundle.tar.gz');
    await writeFile(
      bundle,
      makeBundle([
        { cve: 'CVE-2099-0001', package: 'perl', fixed: '99.0' },
        { cve: 'CVE-2099-0002', package: 'bash', fixed: '99.0' },
      ]),
    );
    await page.locator('input[type=file]').setInputFiles(bundle);
    await page
      .getByText(/OSV Debian/)
      .first()
      .waitFor();
    await rm(bundle);
    await open('/findings');
    const first = page.getByText('Upgrade perl to 99.0').first();
    await eventually(
      'the finding',
      async () => {
        if (await first.isVisible()) return true;
        await goTo(page, page.url());
        await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => undefined);
        return first.isVisible();
      },
      scanMs,
    );
    await expectAccessible();
    await open(`/findings/${await firstId('/api/v1/findings?q=CVE-2099-0001')}`);
    await eventually('the reasons', async () => {
      const text = await page.locator('body').innerText();
      return (
        /known exploited|exploited/i.test(text) && /perl/.test(text) && /Exposure/.test(text) && /99\.0/.test(text)
      );
    });
    await expectAccessible();
    await open('/packages');
    await page.getByRole('table', { name: 'Packages with the highest risk' }).getByRole('link').first().waitFor();
    await expectAccessible();
  });

  it('has another container on the map while one looks', async () => {
    await open('/map?table=true');
    beforeLatecomer = new Date().toISOString();
    await page.getByRole('region', { name: 'The map as tables' }).getByText(shop).first().waitFor();
    await runContainer('parapet-test/debian:bookworm', ['--name', latecomer], ['sleep', '600']);
    await page.getByRole('region', { name: 'The map as tables' }).getByText(latecomer).first().waitFor();
  });

  describeWith([kernelTypes], 'hunting', () => {
    it('finds what ran in a container, with what of the time nobody saw', async () => {
      // An end tells its exit code, a start its arguments.
      const hunt = `container.name = ${shop} and (process.exit_code = 7 or process.command_line = "perl -e exit 7")`;
      await docker('exec', shop, 'sh', '-c', 'perl -e "exit 7" || true');
      await eventually(
        'the program among the events',
        async () => {
          await open(`/hunt?q=${encodeURIComponent(hunt)}`);
          await page.getByText(/event/).first().waitFor();
          return (await page.getByRole('gridcell').getByRole('button', { name: 'exit', exact: true }).count()) > 0;
        },
        patienceMs,
      );
      await page
        .getByText(/Nothing was lost|In this time .+(lost|could not see)/)
        .first()
        .waitFor();
      await expectAccessible();
    });

    it('goes on from a value, opens an event and draws the processes as a tree', async () => {
      await page.getByRole('gridcell').getByRole('button', { name: 'exit', exact: true }).first().click();
      await page.getByRole('button', { name: 'Only this' }).click();
      await page.waitForURL(/event\.action/);
      await page.getByText('exit code 7').first().click();
      await page.getByRole('complementary', { name: 'Details' }).getByText('process.exit_code').waitFor();
      await expectAccessible();
      await page.getByRole('link', { name: 'Process tree' }).last().click();
      await page.getByRole('treegrid', { name: 'Processes over time' }).getByText('exit code 7').first().waitFor();
      await expectAccessible();
    });

    it('shows what one container did as a timeline, dark or light, wide or narrow', async () => {
      await open(`/assets/${await firstId(`/api/v1/assets?kind=container&q=${shop}`)}`);
      await page.getByRole('link', { name: 'Timeline', exact: true }).click();
      await page.getByRole('heading', { name: /^Its processes/ }).waitFor();
      await page.getByRole('treegrid', { name: 'Events' }).getByRole('gridcell').first().waitFor();
      const { pathname, search } = new URL(page.url());
      await expectAccessibleHowever(pathname + search);
    });

    it('says where a hunt goes wrong and what would be right', async () => {
      await open('/hunt?q=proces.name');
      await page.getByRole('alert').getByRole('button', { name: 'process.name', exact: true }).waitFor();
      await expectAccessible();
    });
  });

  it('draws the moment before, without it', async () => {
    const text = await mapText(`/map?table=true&at=${encodeURIComponent(beforeLatecomer)}`);
    expect(text).toContain(shop);
    expect(text).not.toContain(latecomer);
  });

  it('says so when the sensor falls silent, and that its assets are unknown rather than gone', async () => {
    const sensor = (await parapet.pidOf('sensor')) ?? 0;
    process.kill(sensor, 'SIGSTOP');
    try {
      await open('/sensors');
      await eventually(
        'the silent host in the trust signs',
        async () =>
          /1 host silent/.test((await page.locator('header, body').first().innerText()).replaceAll('\n', ' ')),
        patienceMs,
      );
      expect(await mapText('/map?table=true')).toMatch(/silent since/);
      await expectAccessible();
    } finally {
      process.kill(sensor, 'SIGCONT');
    }
    await eventually(
      'no silent host any more',
      async () => /0 hosts silent/.test((await page.locator('body').innerText()).replaceAll('\n', ' ')),
      patienceMs,
    );
  });

  it.each([
    '/',
    '/map',
    '/findings',
    '/hunt',
    '/assets',
    '/packages',
    '/scans',
    '/sensors',
    '/sensors/add',
    '/settings/feeds',
    '/settings/vex',
    '/settings/people',
    '/settings/tokens',
    '/settings/keys',
    '/settings/audit',
    '/settings/telemetry',
    '/settings/retention',
    '/settings/console',
    '/settings/about',
  ])('%s has no accessibility violation, dark or light, wide or narrow', expectAccessibleHowever);

  it.each([
    ['a sensor', '/sensors/'],
    ['a host', '/assets/'],
  ])('the page of %s has none either', async (_, path) => {
    await expectAccessibleHowever(path + (await firstId('/api/v1/assets?kind=host&limit=1')));
  });

  it('logged no error in the browser', () => {
    // The browser reports by itself that nobody is signed in yet (401), and that an interface of this machine came or went,
    // as they do when containers start. A hunt that cannot be read is refused (400).
    expect(errors.filter((error) => !/status of 40[01] |ERR_NETWORK_CHANGED/.test(error))).toEqual([]);
  });
});
