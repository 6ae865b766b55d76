import { text } from 'node:stream/consumers';
import { parseVex } from '@parapet/advisories';
import type { Scope } from '@parapet/contract/api';
import { createManualClock } from '@parapet/core';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rematchAll } from '../feeds/rematch.ts';
import { createFindingRoutes } from '../findings/finding-routes.ts';
import { callRoute } from '../findings/testing/call-route.ts';
import { createFakeContent } from '../findings/testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory, type Inventory } from '../findings/testing/inventory.ts';
import { silentLog } from '../logging/log.ts';
import { createSbomReceiver, type SbomReceiver } from '../sboms/receive-sbom.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { drainVexQueue } from './vex-queue.ts';
import { createVexRoutes } from './vex-routes.ts';

let database: TestDatabase;
let inventory: Inventory;
let receive: SbomReceiver;
let content: ReturnType<typeof createFakeContent>;
const clock = createManualClock(Date.parse('2026-11-10T00:00:00Z'));
const live = { publish: () => undefined };
const audited: object[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  // A database for each would take longer than all of them; roll-ups do not follow a truncate.
  await sql`truncate assets, vex_documents, vulnerabilities, products, fixes, acceptances, finding_totals, finding_group_counts,
    finding_group_totals, finding_changes cascade`.execute(database.db);
  inventory = createInventory(database.db);
  content = createFakeContent([
    { vulnerability: 'CVE-2026-1', package: 'openssl', fixedVersion: '9.0', likelihood: 0.9 },
    { vulnerability: 'CVE-2026-2', package: 'zlib', likelihood: 0.4 },
  ]);
  receive = createSbomReceiver({ db: database.db, content, live, clock });
  audited.length = 0;
});
afterAll(() => database[Symbol.asyncDispose]());

const vexHandlers = () =>
  createVexRoutes({
    gate: alwaysOpen,
    ...{ db: database.db, clock, author: 'Parapet console test' },
    audit: { record: async (entry) => void audited.push(entry) },
    apply: () => drainVexQueue({ db: database.db, clock, live, log: silentLog }, new AbortController().signal),
  });
const findingHandlers = () => createFindingRoutes({ db: database.db, content, clock, live });

type Said = {
  readonly status?: string;
  readonly product?: string;
  readonly part?: string;
  readonly author?: string;
  readonly at?: string;
};
const aDocument = (
  id: string,
  { status = 'not_affected', product, part, author, at = '2026-11-01T00:00:00Z' }: Said,
): Buffer =>
  Buffer.from(
    JSON.stringify({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': id,
      author: author ?? 'Maintainers',
      timestamp: at,
      statements: [
        {
          vulnerability: { name: 'CVE-2026-1' },
          products: [
            {
              '@id': product ?? 'pkg:deb/debian/openssl',
              ...(part === undefined ? {} : { subcomponents: [{ '@id': part }] }),
            },
          ],
          status,
          ...(status === 'not_affected' ? { justification: 'vulnerable_code_not_in_execute_path' } : {}),
          ...(status === 'affected' ? { action_statement: 'Upgrade' } : {}),
        },
      ],
    }),
  );
const upload = (sent: Buffer, scope: Scope = null) =>
  callRoute(vexHandlers(), 'vex.upload', { sent, query: { name: 'vex.json' }, scope });
const statuses = async (assetId?: string) => {
  const query = assetId === undefined ? {} : { assetId };
  const { items } = await callRoute(findingHandlers(), 'findings.list', { query });
  return Object.fromEntries(items.map((item) => [item.vulnerability, item.status]));
};
const detailOf = async (vulnerability: string) => {
  const { items } = await callRoute(findingHandlers(), 'findings.list', { query: { vulnerability } });
  return callRoute(findingHandlers(), 'findings.get', { params: { findingId: items[0]?.id } });
};
const aHost = async (
  name: string,
  labels: Record<string, string> = {},
  packages = [aPackage('openssl', '1.0'), aPackage('zlib', '1.2')],
) => {
  const id = await inventory.host(name, labels);
  await receive({ assetId: id, reporterHostId: id, document: anSbom('host', packages) });
  return id;
};
const openRisk = async (id: string) =>
  (await database.db.selectFrom('assets').select('risk').where('id', '=', id).executeTakeFirstOrThrow()).risk;

describe('a VEX document', () => {
  test('rules findings out with its reason; they stay so when matched again, and return when it goes', async () => {
    const host = await aHost('web-01');
    const before = await openRisk(host);
    const { document, outcome, assets } = await upload(aDocument('urn:vex:1', {}));
    expect({ outcome, assets }).toEqual({ outcome: 'new', assets: 1 });
    expect(document).toMatchObject({ ruledOut: 0, statements: 1, author: 'Maintainers', mayRemove: true });
    expect(await statuses()).toEqual({ 'CVE-2026-1': 'ruled-out', 'CVE-2026-2': 'open' });
    expect(await openRisk(host)).toBeLessThan(before ?? 0);
    const detail = await detailOf('CVE-2026-1');
    expect(detail.vex).toMatchObject({
      status: 'not_affected',
      justification: 'vulnerable_code_not_in_execute_path',
      document: 'urn:vex:1',
      author: 'Maintainers',
      vexId: document.id,
    });
    expect(detail.history[0]?.text).toContain('Ruled out: not affected');
    const { items } = await callRoute(vexHandlers(), 'vex.list');
    expect(items).toMatchObject([{ ruledOut: 1, otherwiseSpoken: 0 }]);

    const packages = [aPackage('openssl', '1.1'), aPackage('zlib', '1.2')];
    await receive({ assetId: host, reporterHostId: host, document: anSbom('host', packages) });
    expect(await statuses()).toMatchObject({ 'CVE-2026-1': 'ruled-out' });
    const facets = await callRoute(findingHandlers(), 'findings.facets');
    expect(facets.facets.find(({ name }) => name === 'status')?.values).toMatchObject([
      { value: 'open', count: 1 },
      { value: 'accepted', count: 0 },
      { value: 'ruled-out', count: 1 },
      { value: 'closed', count: 0 },
    ]);

    await callRoute(vexHandlers(), 'vex.remove', { params: { vexId: document.id } });
    expect(await statuses()).toMatchObject({ 'CVE-2026-1': 'open' });
    expect((await detailOf('CVE-2026-1')).vex).toBeUndefined();
    expect(await openRisk(host)).toBe(before);
    expect(audited).toMatchObject([
      { action: 'vex.upload', target: 'urn:vex:1', details: { assets: 1 } },
      { action: 'vex.remove', target: 'urn:vex:1' },
    ]);
  });

  test('speaks of what a newer feed says is the same vulnerability, though the rest of it is as before', async () => {
    const host = await aHost('web-01', {}, [aPackage('zlib', '1.2'), aPackage('bash', '5.2')]);
    await upload(aDocument('urn:vex:1', { product: 'pkg:deb/debian/zlib' }));
    expect(await statuses()).toEqual({ 'CVE-2026-2': 'open' });
    const before = await openRisk(host);
    content.set([{ vulnerability: 'CVE-2026-2', package: 'zlib', likelihood: 0.4, aliases: ['CVE-2026-1'] }]);
    await rematchAll(
      { db: database.db, content, clock, live: live as never, log: silentLog },
      new AbortController().signal,
    );
    expect(await statuses()).toEqual({ 'CVE-2026-2': 'ruled-out' });
    expect(await openRisk(host)).not.toBe(before);
  });

  test('speaks of what is found after it came', async () => {
    await upload(aDocument('urn:vex:1', {}));
    await aHost('web-01');
    expect(await statuses()).toMatchObject({ 'CVE-2026-1': 'ruled-out' });
  });

  test('gives an acceptance back that lasts, but not one that was taken back meanwhile', async () => {
    await aHost('web-01');
    const accept = { filter: { vulnerability: 'CVE-2026-1' }, reason: 'not now', until: '2026-12-24T00:00:00.000Z' };
    const { undo } = await callRoute(findingHandlers(), 'findings.accept', { body: accept });
    const first = await upload(aDocument('urn:vex:1', {}));
    expect(await statuses()).toMatchObject({ 'CVE-2026-1': 'ruled-out' });
    await callRoute(vexHandlers(), 'vex.remove', { params: { vexId: first.document.id } });
    expect(await statuses()).toMatchObject({ 'CVE-2026-1': 'accepted' });
    const second = await upload(aDocument('urn:vex:1', {}));
    await callRoute(findingHandlers(), 'findings.reopen', { body: { undo } });
    await callRoute(vexHandlers(), 'vex.remove', { params: { vexId: second.document.id } });
    expect(await statuses()).toMatchObject({ 'CVE-2026-1': 'open' });
  });

  test('takes the place of the one with the same id; the same bytes change nothing', async () => {
    await aHost('web-01');
    await upload(aDocument('urn:vex:1', {}));
    expect((await upload(aDocument('urn:vex:1', {}))).outcome).toBe('unchanged');
    expect((await upload(aDocument('urn:vex:1', { status: 'under_investigation' }))).outcome).toBe('replaced');
    expect(await statuses()).toMatchObject({ 'CVE-2026-1': 'open' });
    expect((await detailOf('CVE-2026-1')).vex?.status).toBe('under_investigation');
    expect((await callRoute(vexHandlers(), 'vex.list')).items).toMatchObject([{ ruledOut: 0, otherwiseSpoken: 1 }]);
  });

  test('does not rule out what another author calls affected, and both are shown', async () => {
    await aHost('web-01');
    await upload(aDocument('urn:vex:1', { author: 'Maintainers', at: '2026-11-09T00:00:00Z' }));
    await upload(aDocument('urn:vex:2', { author: 'Distribution', status: 'affected' }));
    expect(await statuses()).toMatchObject({ 'CVE-2026-1': 'open' });
    expect((await detailOf('CVE-2026-1')).vex).toMatchObject({
      status: 'affected',
      author: 'Distribution',
      others: [{ status: 'not_affected', author: 'Maintainers' }],
    });
  });

  test('must speak of every version that lies side by side', async () => {
    const packages = [aPackage('openssl', '1.0'), aPackage('openssl', '1.1'), aPackage('openssl', '9.0')];
    await aHost('web-01', {}, packages);
    const one = await upload(aDocument('urn:vex:1', { product: 'pkg:deb/debian/openssl@1.0' }));
    expect(await statuses()).toEqual({ 'CVE-2026-1': 'open' });
    await upload(aDocument('urn:vex:2', { product: 'pkg:deb/debian/openssl@1.1' }));
    expect(await statuses()).toEqual({ 'CVE-2026-1': 'ruled-out' });
    await callRoute(vexHandlers(), 'vex.remove', { params: { vexId: one.document.id } });
    expect(await statuses()).toEqual({ 'CVE-2026-1': 'open' });
  });

  test('speaks of an image by its digest, and of no other', async () => {
    const host = await inventory.host('web-01');
    const images = [await inventory.image('shop:1', [host]), await inventory.image('other:1', [host])] as const;
    for (const assetId of images) {
      await receive({ assetId, reporterHostId: host, document: anSbom('image', [aPackage('openssl', '1.0')]) });
    }
    const { key } = await database.db
      .selectFrom('assets')
      .select('key')
      .where('id', '=', images[0])
      .executeTakeFirstOrThrow();
    await upload(aDocument('urn:vex:1', { product: `pkg:oci/shop@${key}`, part: 'pkg:deb/debian/openssl' }));
    expect(await statuses(images[0])).toEqual({ 'CVE-2026-1': 'ruled-out' });
    expect(await statuses(images[1])).toEqual({ 'CVE-2026-1': 'open' });
  });

  test.each([
    ['text', Buffer.from('no'), 'bad-json'],
    ['another document', Buffer.from('{"hello":1}'), 'bad-vex'],
    ['too much', Buffer.alloc(8 * 1024 * 1024 + 1, 32), 'too-large'],
  ])('that is %s is refused', async (_, sent, code) => {
    await expect(upload(sent)).rejects.toMatchObject({ code, status: 400 });
    expect((await callRoute(vexHandlers(), 'vex.list')).items).toEqual([]);
  });
});

describe('a person with a scope', () => {
  test('speaks for the assets in it alone, sees what speaks for all, and cannot remove that', async () => {
    const [mine, theirs] = [await aHost('mine', { team: 'mine' }), await aHost('theirs', { team: 'theirs' })];
    const own = await upload(aDocument('urn:vex:1', {}), { team: ['mine'] });
    expect(own.document).toMatchObject({ scope: { team: ['mine'] }, mayRemove: true });
    expect(await statuses(mine)).toMatchObject({ 'CVE-2026-1': 'ruled-out' });
    expect(await statuses(theirs)).toMatchObject({ 'CVE-2026-1': 'open' });

    clock.advance(1000);
    const all = await upload(aDocument('urn:vex:1', {}));
    expect(await statuses(theirs)).toMatchObject({ 'CVE-2026-1': 'ruled-out' });
    const { items } = await callRoute(vexHandlers(), 'vex.list', { scope: { team: ['mine'] } });
    expect(items.map(({ id, mayRemove, ruledOut }) => ({ id, mayRemove, ruledOut }))).toEqual([
      { id: all.document.id, mayRemove: false, ruledOut: undefined },
      { id: own.document.id, mayRemove: true, ruledOut: 0 },
    ]);
    expect((await callRoute(vexHandlers(), 'vex.list', { scope: { team: ['theirs'] } })).items).toHaveLength(1);
    const remove = (vexId: string, team: string) =>
      callRoute(vexHandlers(), 'vex.remove', { params: { vexId }, scope: { team: [team] } });
    await expect(remove(all.document.id, 'mine')).rejects.toMatchObject({ status: 403 });
    await expect(remove(own.document.id, 'theirs')).rejects.toMatchObject({ status: 404 });
    await expect(
      callRoute(vexHandlers(), 'vex.download', { params: { vexId: own.document.id }, scope: { team: ['theirs'] } }),
    ).rejects.toMatchObject({ status: 404 });
  });
});

describe('what the console says of its findings', () => {
  test.each(['openvex', 'csaf', 'cyclonedx'] as const)('as %s is read as it was meant', async (format) => {
    await aHost('web-01');
    await upload(aDocument('urn:vex:1', {}));
    const { stream, headers } = await callRoute(vexHandlers(), 'findings.vex', { query: { format } });
    expect(headers).toEqual({ 'content-disposition': `attachment; filename="findings.${format}.json"` });
    const parsed = parseVex(await text(stream));
    if (!parsed.ok) throw new Error(parsed.error.message);
    expect(parsed.value.format).toBe(format);
    expect(parsed.value.statements.map(({ vulnerabilities, status }) => [vulnerabilities[0], status])).toEqual([
      ['CVE-2026-1', 'not_affected'],
      ['CVE-2026-2', 'affected'],
    ]);
    expect(parsed.value.statements[0]?.text).toContain('Maintainers, urn:vex:1');
  });

  test('as uploaded, a document is the same bytes', async () => {
    const sent = aDocument('urn:vex:1', {});
    const { document } = await upload(sent);
    const { stream } = await callRoute(vexHandlers(), 'vex.download', { params: { vexId: document.id } });
    expect(await text(stream)).toBe(sent.toString());
  });
});
