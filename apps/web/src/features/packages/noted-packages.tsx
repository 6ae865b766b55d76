import type { FindingGroup, InputOf } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { AnyLink } from '../../components/any-link.tsx';
import { RiskScore } from '../../components/risk.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { apiQuery } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { stringifySearch } from '../../lib/search-params.ts';
import { useMay } from '../../lib/session.ts';
import styles from './packages.module.css';

type Filter = Pick<NonNullable<InputOf<'findings.groups'>['query']>, 'exposure' | 'exploited'>;

type Kind = {
  readonly title: string;
  readonly filter: Filter;
  readonly none: string;
};

const kinds: readonly Kind[] = [
  { title: 'Packages with the highest risk', filter: {}, none: 'No package has an open finding.' },
  {
    title: 'Exposed to the Internet',
    filter: { exposure: ['internet'] },
    none: 'No package with an open finding is exposed to the Internet.',
  },
  {
    title: 'With a vulnerability that is exploited now',
    filter: { exploited: ['kev'] },
    none: 'No package has an open finding that is in KEV.',
  },
];

const shown = 8;

/** Packages that most people look for, before anything is asked: from the findings, which are counted by package already. */
export const NotedPackages = () => {
  const mayFetch = useMay('feeds:write');
  const { data: trust } = useQuery(apiQuery('trust.get'));
  // Without feeds nothing was compared: that no package has a finding would be no good news.
  if (trust?.feeds.state === 'none')
    return (
      <p className={text.muted}>
        Which packages are vulnerable is not known: there are no feeds yet.{' '}
        {mayFetch ? (
          <AnyLink to="/settings/feeds" className={text.link}>
            Get feeds
          </AnyLink>
        ) : null}
      </p>
    );
  return (
    <div className={styles.noted}>
      {kinds.map((kind) => (
        <section key={kind.title}>
          <h2 className={styles.heading}>{kind.title}</h2>
          <Noted {...kind} />
        </section>
      ))}
    </div>
  );
};

const Noted = ({ title, filter, none }: Kind) => {
  const asked = { ...filter, status: ['open' as const] };
  const query = { ...asked, by: 'package' as const, limit: shown };
  const { data, error, refetch } = useQuery(apiQuery('findings.groups', { query }));
  if (error !== null && data === undefined)
    return <Failure what="These packages could not be fetched" error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton label="packages" lines={4} />;
  if (data.items.length === 0) return <p className={text.muted}>{none}</p>;
  const rest = data.total - data.items.length;
  return (
    <>
      <SimpleTable
        label={title}
        rows={data.items}
        rowKey={({ key }) => key}
        columns={[
          {
            id: 'package',
            header: 'Package',
            cell: (group) => (
              <>
                <AnyLink to={placesOf(group)} className={text.name}>
                  {group.title}
                </AnyLink>{' '}
                <span className={text.muted}>{typeOf(group)}</span>
              </>
            ),
          },
          { id: 'assets', header: 'Affected', align: 'end', cell: ({ assets }) => plural(assets, 'asset') },
          { id: 'risk', header: 'Risk', align: 'end', cell: ({ risk, bars }) => <RiskScore risk={risk} bars={bars} /> },
        ]}
      />
      {rest > 0 ? (
        <AnyLink to={`/findings${stringifySearch({ ...asked, by: 'package' })}`} className={text.link}>
          {plural(rest, 'more package')}
        </AnyLink>
      ) : null}
    </>
  );
};

const placesOf = (group: FindingGroup): string =>
  `/packages${stringifySearch({ q: group.title, match: 'exact', type: [typeOf(group)] })}`;

/** A group's key is the kind of package and its name, of which only the name may hold a slash. */
const typeOf = ({ key }: FindingGroup): string => key.slice(0, Math.max(0, key.indexOf('/')));
