import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { AnyLink } from '../../components/any-link.tsx';
import { Page } from '../../components/page.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { apiQuery } from '../../lib/api.ts';
import { FindingActions } from './finding-actions.tsx';
import { FindingBody } from './finding-body.tsx';
import { FindingLine } from './finding-line.tsx';

/** One finding in full. */
export const FindingPage = () => {
  const { findingId } = useParams({ from: '/shell/findings/$findingId' });
  const { data, error, refetch } = useQuery(apiQuery('findings.get', { params: { findingId } }));
  if (data === undefined) {
    return (
      <Page name="Finding" title="Finding" subline={<AnyLink to="/findings">All findings</AnyLink>}>
        {error === null ? (
          <Skeleton label="the finding" lines={10} />
        ) : (
          <Failure what="This finding could not be fetched" error={error} retry={() => void refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page
      name={data.vulnerability}
      title={data.title}
      subline={<FindingLine finding={data} />}
      tools={<FindingActions finding={data} />}
    >
      <FindingBody finding={data} wide />
    </Page>
  );
};
