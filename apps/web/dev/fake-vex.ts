/** FAKE answers for VEX documents. */
import type { FindingDetail, VexDocumentItem } from '@parapet/contract/api';
import { type FakeHandlers, FakeRefusal, found } from './fake-answers.ts';
import { ago, day, hour, idOf } from './fake-seed.ts';
import type { FakeWorld } from './fake-world.ts';

export const vexAnswers = (world: FakeWorld): FakeHandlers => {
  const document = (name: string, part: Partial<VexDocumentItem>): VexDocumentItem => ({
    id: idOf('vex', name),
    format: 'openvex',
    documentId: `https://vex.example/${name}`,
    name,
    statements: 12,
    scope: null,
    ruledOut: 0,
    otherwiseSpoken: 0,
    uploadedBy: 'anna.keller',
    uploadedAt: ago(2 * day),
    mayRemove: true,
    ...part,
  });
  let items: VexDocumentItem[] =
    world.hosts.length === 0
      ? []
      : [
          document('shop-2026-11.openvex.json', { author: 'Shop platform team', ruledOut: 17, statements: 41 }),
          document('example-linux.csaf.json', {
            ...{ format: 'csaf', author: 'Example Linux Security', statements: 1280, ruledOut: 3, otherwiseSpoken: 22 },
            uploadedAt: ago(9 * day),
          }),
          document('payments-with-a-name-that-somebody-made-far-too-long-to-fit-anywhere.cdx.json', {
            ...{ format: 'cyclonedx', scope: { team: ['payments', 'billing'] }, uploadedBy: 'token ci-payments' },
            uploadedAt: ago(40 * day),
          }),
        ];
  return {
    'vex.list': () => ({ items, waiting: 0 }),
    'vex.upload': ({ query }) => {
      if (query.name.includes('bad'))
        throw new FakeRefusal(400, 'bad-vex', 'This is no OpenVEX, CSAF or CycloneDX document.');
      const added = document(query.name, { author: 'Somebody', ruledOut: 2, uploadedAt: ago(0) });
      items = [added, ...items];
      return { outcome: 'new', document: added, assets: 4 };
    },
    'vex.download': () => '{}',
    'vex.remove': ({ params }) => {
      items = items.filter(({ id }) => id !== params.vexId);
    },
    'findings.vex': () => '{}',
    'scans.upload': () => {
      throw new FakeRefusal(501, 'fake', 'The fake console takes no scans.');
    },
    'scans.removeUpload': ({ params }) => {
      const asset = found(
        world.uploads.find(({ id }) => id === params.assetId),
        'uploaded scan',
      );
      const closed = Object.values(asset.findings).reduce((sum, count) => sum + count, 0);
      Object.assign(asset, { status: 'gone', findings: { critical: 0, high: 0, medium: 0, low: 0 } });
      return { closed };
    },
  };
};

export const fakeVexOf = (): NonNullable<FindingDetail['vex']> => ({
  status: 'not_affected',
  justification: 'vulnerable_code_not_in_execute_path',
  text: 'The shop never parses certificates of clients.',
  at: ago(3 * day),
  document: 'https://vex.example/shop-2026-11.openvex.json',
  author: 'Shop platform team',
  vexId: idOf('vex', 'shop-2026-11.openvex.json'),
  since: ago(2 * day - hour),
  others: [
    {
      status: 'affected',
      text: 'Upgrade to the fixed version.',
      at: ago(12 * day),
      document: 'EXAMPLE-2026-118',
      author: 'Example Linux Security',
    },
  ],
});
