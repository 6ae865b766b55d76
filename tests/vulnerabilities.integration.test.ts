import { readFileSync } from 'node:fs';
import { describeWith, type Requirement, root } from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeBundle } from '../apps/console/src/feeds/testing/make-bundle.ts';
import {
  type ConsoleProcess,
  createSensorProcess,
  type SensorProcess,
  startConsoleProcess,
} from './support/from-sources.ts';

/** A scan of this very host may be tried twice: what runs beside it decides how long one takes. */
const soon = { timeout: 400_000, interval: 200 };
const patience = 900_000;

/** Every Debian has it, and every process has it loaded. */
const cLibrary = 'libc6';

const debian: Requirement = {
  met: /^VERSION_CODENAME=bookworm$/m.test(release()),
  reason: 'needs Debian 12, whose packages its feed names',
};

describeWith([root, debian], 'vulnerabilities of this very host', () => {
  let console: ConsoleProcess;
  let sensor: SensorProcess;

  beforeAll(async () => {
    console = await startConsoleProcess();
    sensor = await createSensorProcess();
    const { consoleUrl, authorityPin, key } = await console.enrolment();
    await sensor.start({
      PARAPET_CONSOLE_URL: consoleUrl,
      PARAPET_AUTHORITY_PIN: authorityPin,
      PARAPET_ENROLMENT_KEY: key,
    });
  });
  afterAll(async () => {
    await sensor?.dispose();
    await console?.stop();
  });

  const get = async (path: string) => (await console.call('GET', `/api/v1/${path}`)).json;
  const open = () => get('findings?status=open');

  it(
    'scans a new host by itself and knows its packages before there are feeds',
    async () => {
      await expect.poll(async () => (await get('scans')).items[0]?.state, soon).toBe('done');
      const host = (await get('assets?kind=host')).items[0];
      const packages = await get(`assets/${host.id}/packages?q=${cLibrary}`);
      expect(packages.items.map((item: { name: string }) => item.name)).toContain(cLibrary);
      expect((await get('overview')).headline).toBe('What is vulnerable is not known yet');
      expect((await get(`assets/${host.id}/sbom?format=cyclonedx`)).bomFormat).toBe('CycloneDX');
      expect((await get(`assets/${host.id}/sbom?format=spdx`)).spdxVersion).toContain('SPDX');
    },
    patience,
  );

  it('an imported feed matches what is stored, ranked by what was observed here', async () => {
    const rules = [
      { cve: 'CVE-2026-0001', package: 'glibc', fixed: '99:1' },
      { cve: 'CVE-2026-0002', package: 'tzdata', fixed: '99:1' },
    ];
    const imported = await console.call('POST', '/api/v1/feeds/import', makeBundle(rules));
    expect([imported.status, imported.json.active?.origin]).toEqual([200, 'bundle']);
    await expect.poll(async () => (await open()).total, soon).toBeGreaterThan(0);
    // The C library runs with everything, so it comes before data files that nothing loads.
    await expect.poll(async () => (await open()).items[0]?.use, soon).toBe('loaded');
    const worst = (await open()).items[0];
    expect(worst).toMatchObject({ vulnerability: 'CVE-2026-0001', kev: true });
    const detail = await get(`findings/${worst.id}`);
    expect(detail.why.value).toBe(detail.risk);
    expect(detail.why.use.evidence.some((evidence: { kind: string }) => evidence.kind === 'process')).toBe(true);
    expect(detail.fix.commands.join(' ')).toContain('apt-get');
    expect((await get('overview')).priorities[0].headline).toContain('that is being exploited now');
    expect((await get('trust')).feeds.state).not.toBe('none');
  });

  it('keeps all of it over a crash of the console', async () => {
    // Only this host's: containers that come and go beside the test bring findings of their own.
    const host = (await get('assets?kind=host')).items[0];
    const ofHost = async () => (await get(`findings?status=open&assetId=${host.id}&limit=500`)).items;
    const ids = (findings: readonly { id: string }[]) => findings.map((finding) => finding.id).sort();
    const before = ids(await ofHost());
    await console.crash();
    await console.restart();
    expect(ids(await ofHost())).toEqual(before);
    const groups = await get(`findings/groups?status=open&by=fix&assetId=${host.id}`);
    expect(groups.findings).toBe(before.length);
  });

  it('a broken bundle is refused in words and changes nothing', async () => {
    const before = await get('feeds');
    const refused = await console.call('POST', '/api/v1/feeds/import', makeBundle([], { corrupt: true }));
    expect(refused.status).toBe(400);
    expect(refused.json.error.message).toMatch(/[A-Za-z ]{10,}/);
    expect((await get('feeds')).active).toEqual(before.active);
  });
});

function release(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
