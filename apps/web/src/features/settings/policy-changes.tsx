import type { PolicyVersion } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Modal } from '../../components/modal.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { InlineError, Skeleton } from '../../components/states.tsx';
import { Time } from '../../components/time.tsx';
import { apiQuery } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { RuleList } from './rule-list.tsx';

/** Who changed the policy and when, with the rules of each version. */
export const PolicyChanges = () => {
  const { data, error } = useQuery(apiQuery('telemetryPolicy.versions'));
  const [shown, setShown] = useState<number>();
  if (error !== null) return <InlineError error={error} />;
  if (data === undefined) return <Skeleton label="the changes" lines={3} />;
  return (
    <>
      <SimpleTable
        label="Versions of the policy"
        rows={data.items}
        rowKey={({ version }) => String(version)}
        columns={[
          { id: 'version', header: 'Version', cell: ({ version }: PolicyVersion) => version },
          { id: 'by', header: 'By', cell: ({ by }: PolicyVersion) => by },
          { id: 'at', header: 'When', cell: ({ at }: PolicyVersion) => <Time at={at} /> },
          {
            id: 'rules',
            header: 'Rules',
            align: 'end',
            cell: ({ version, rules }: PolicyVersion) => (
              <Button small look="quiet" onClick={() => setShown(version)}>
                {plural(rules, 'rule')}
              </Button>
            ),
          },
        ]}
      />
      <Modal
        open={shown !== undefined}
        onOpenChange={(open) => (open ? undefined : setShown(undefined))}
        title={`Version ${shown ?? ''}`}
        wide
      >
        {shown === undefined ? null : <VersionRules version={shown} />}
      </Modal>
    </>
  );
};

const VersionRules = ({ version }: { readonly version: number }) => {
  const { data, error } = useQuery(apiQuery('telemetryPolicy.version', { params: { version } }));
  if (error !== null) return <InlineError error={error} />;
  return data === undefined ? <Skeleton label="the rules" lines={3} /> : <RuleList rules={data.rules} />;
};
