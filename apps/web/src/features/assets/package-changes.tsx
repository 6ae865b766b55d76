import type { ChangedPackage, PackageChanges as Changes } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { AnyLink } from '../../components/any-link.tsx';
import { Section } from '../../components/page.tsx';
import { RiskScore } from '../../components/risk.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { steadyQuery } from '../../lib/api.ts';
import { formatCount, plural } from '../../lib/format.ts';

type PackageChangesProps = { readonly assetId: string; readonly from: string };

/** What came, went and changed on an asset since one of its former package lists, and the findings with it. */
export const PackageChanges = ({ assetId, from }: PackageChangesProps) => {
  const { data, error, refetch } = useQuery(
    steadyQuery('assets.packageChanges', { params: { assetId }, query: { from } }),
  );
  if (error !== null && data === undefined) {
    return <Failure what="The lists could not be compared" error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) return <Skeleton label="the comparison" />;
  const { changed, came, went, opened, closed, untold } = data;
  if (changed.length + came.length + went.length + opened.total + closed.total === 0) {
    return <Empty title="Nothing changed">The packages are those of then, and no finding opened or closed.</Empty>;
  }
  return (
    <>
      <PackageSection title="Other version" items={changed} />
      <PackageSection title="Came" items={came} />
      <PackageSection title="Went" items={went} />
      {untold === 0 ? null : <p className={text.muted}>{plural(untold, 'more change')} not shown.</p>}
      <FindingSection title="Findings opened since" findings={opened} />
      <FindingSection title="Findings closed since" findings={closed} />
    </>
  );
};

const PackageSection = ({ title, items }: { readonly title: string; readonly items: readonly ChangedPackage[] }) =>
  items.length === 0 ? null : (
    <Section title={`${title}: ${formatCount(items.length)}`}>
      <SimpleTable label={title} columns={packageColumns} rows={items} rowKey={keyOf} />
    </Section>
  );

const keyOf = ({ type, name, location }: ChangedPackage): string => `${type}/${name}/${location}`;

const packageColumns = [
  {
    id: 'name',
    header: 'Package',
    cell: (item: ChangedPackage) => (
      <>
        <span className={text.strong}>{item.name}</span> <span className={text.muted}>{item.type}</span>
      </>
    ),
  },
  { id: 'versions', header: 'Version', cell: (item: ChangedPackage) => <Versions item={item} /> },
  {
    id: 'where',
    header: 'Where in it',
    wideOnly: true,
    cell: (item: ChangedPackage) => <span className={text.mono}>{item.location}</span>,
  },
];

const Versions = ({ item }: { readonly item: ChangedPackage }) => (
  <span className={text.mono}>{[item.from, item.to].flatMap((side) => side.join(', ') || []).join(' → ')}</span>
);

type FindingSectionProps = { readonly title: string; readonly findings: Changes['opened'] };

const FindingSection = ({ title, findings }: FindingSectionProps) =>
  findings.total === 0 ? null : (
    <Section title={`${title}: ${formatCount(findings.total)}`}>
      <SimpleTable label={title} columns={findingColumns} rows={findings.items} rowKey={({ id }) => id} />
      {findings.total === findings.items.length ? null : (
        <p className={text.muted}>Those with the highest risk are shown.</p>
      )}
    </Section>
  );

type ChangedFinding = Changes['opened']['items'][number];

const findingColumns = [
  {
    id: 'vulnerability',
    header: 'Vulnerability',
    cell: ({ id, vulnerability }: ChangedFinding) => (
      <AnyLink to={`/findings/${id}`} className={text.link}>
        {vulnerability}
      </AnyLink>
    ),
  },
  { id: 'package', header: 'Package', cell: (finding: ChangedFinding) => finding.package },
  {
    id: 'risk',
    header: 'Risk',
    align: 'end' as const,
    cell: (finding: ChangedFinding) => <RiskScore risk={finding.risk} />,
  },
];
