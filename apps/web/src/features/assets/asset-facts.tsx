import type { AssetDetail } from '@parapet/contract/api';
import { AnyLink } from '../../components/any-link.tsx';
import { IdText } from '../../components/copy.tsx';
import { FindingCountsOf } from '../../components/counts.tsx';
import { type KeyValue, KeyValues } from '../../components/key-values.tsx';
import { Section } from '../../components/page.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { formatAbsolute, plural, shortId } from '../../lib/format.ts';
import { exposureNames } from '../../lib/words.ts';
import { AssetLabels } from './asset-labels.tsx';
import styles from './assets.module.css';

/** What it is: the facts its sensor told, its labels, its last scan. */
export const AssetFacts = ({ asset }: { readonly asset: AssetDetail }) => (
  <div className={styles.columns}>
    <div>
      <Section title="At a glance">
        <KeyValues items={glance(asset)} />
      </Section>
      {groupsOf(asset).map(([group, facts]) => (
        <Section key={group} title={group}>
          <KeyValues items={facts} />
        </Section>
      ))}
    </div>
    <div>
      <AssetLabels asset={asset} />
      <Section title="Last scan">
        <LastScan asset={asset} />
      </Section>
    </div>
  </div>
);

const glance = (asset: AssetDetail) => [
  { name: 'Open findings', value: <FindingCountsOf asset={asset} /> },
  { name: 'Exposed to', value: exposureNames[asset.exposure] },
  ...(asset.kind === 'container' || asset.kind === 'upload'
    ? []
    : [
        {
          name: 'Containers',
          value: (
            <AnyLink to={`/assets?kind=container&${asset.kind}Id=${asset.id}`} className={text.link}>
              {plural(asset.containerCount, 'container')}
            </AnyLink>
          ),
        },
      ]),
  { name: 'Packages', value: plural(asset.packageCount, 'package') },
  ...(asset.zone === undefined ? [] : [{ name: 'Network zone', value: asset.zone }]),
  { name: 'First seen', value: formatAbsolute(asset.firstSeenAt) },
];

/** Facts under their headings, in the order in which they were told; several values of one name stand together. */
const groupsOf = (asset: AssetDetail): readonly (readonly [string, readonly KeyValue[]])[] => {
  const groups = new Map<string, Map<string, readonly string[]>>();
  for (const { group, name, value } of asset.facts) {
    const names = groups.get(group) ?? new Map<string, readonly string[]>();
    groups.set(group, names.set(name, [...(names.get(name) ?? []), value]));
  }
  return [...groups].map(([group, names]) => [
    group,
    [...names].map(([name, values]) => ({ name, value: values.map((value) => <Fact key={value} value={value} />) })),
  ]);
};

/** A digest or another long id is shortened, with the whole one to copy. */
const Fact = ({ value }: { readonly value: string }) => {
  const [, before = '', id] = /^(.{0,512}?)([0-9a-f]{64})$/.exec(value) ?? [];
  return <div>{id === undefined ? value : <IdText id={value} shown={`${before}${shortId(id)}`} />}</div>;
};

const LastScan = ({ asset }: { readonly asset: AssetDetail }) => {
  if (asset.scan === undefined) {
    const why =
      asset.kind === 'container'
        ? 'Its packages are those of its image. It is scanned by itself once it writes some of its own.'
        : 'It was never scanned. New assets are scanned by themselves within a minute.';
    return <p className={text.muted}>{why}</p>;
  }
  const { state, at, message, reporter } = asset.scan;
  return (
    <p className={text.muted}>
      {scanWords[state]} <Time at={at} />
      {reporter === undefined ? '' : `, read by ${reporter}`}
      {message === undefined ? '' : `. ${message}`}
    </p>
  );
};

const scanWords = {
  waiting: 'Waiting since',
  running: 'Running since',
  done: 'Done',
  partial: 'Partly done',
  failed: 'Failed',
} as const;
