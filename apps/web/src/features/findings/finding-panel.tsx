import { useQuery } from '@tanstack/react-query';
import { PanelFrame } from '../../components/panel-frame.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { apiQuery } from '../../lib/api.ts';
import styles from './finding.module.css';
import { FindingActions } from './finding-actions.tsx';
import { FindingBody } from './finding-body.tsx';
import { FindingLine } from './finding-line.tsx';

/** One finding in the drill-down panel. */
export const FindingPanel = ({ findingId }: { readonly findingId: string }) => {
  const { data, error, refetch } = useQuery(apiQuery('findings.get', { params: { findingId } }));
  if (data === undefined) {
    return (
      <PanelFrame kind="Finding" title="Finding">
        {error === null ? (
          <Skeleton label="the finding" />
        ) : (
          <Failure what="This finding could not be fetched" error={error} retry={() => void refetch()} />
        )}
      </PanelFrame>
    );
  }
  return (
    <PanelFrame kind="Finding" title={data.title} page={`/findings/${findingId}`}>
      <div className={styles.panelLine}>
        <FindingLine finding={data} />
      </div>
      <div className={styles.panelActions}>
        <FindingActions finding={data} />
      </div>
      <FindingBody finding={data} />
    </PanelFrame>
  );
};
