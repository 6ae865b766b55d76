import type { FeedStatus } from '@parapet/contract/api';
import { useQueryClient } from '@tanstack/react-query';
import { CheckField, SelectField } from '../../components/field.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { apiQuery, useApiMutation } from '../../lib/api.ts';

type ScheduleProps = { readonly schedule: FeedStatus['schedule'] };

/** How often the publishers are asked. */
export const FeedSchedule = ({ schedule }: ScheduleProps) => {
  const client = useQueryClient();
  const notify = useNotify();
  const save = useApiMutation('feeds.schedule', (status) => {
    client.setQueryData(apiQuery('feeds.status').queryKey, status);
    notify.done('Schedule saved');
  });
  const set = (enabled: boolean, everyHours: number): void =>
    save.mutate(
      { body: { enabled, everyHours } },
      { onError: (error) => notify.failed('The schedule is as before', error) },
    );
  const current = String(schedule.everyHours);
  return (
    <div>
      <CheckField
        label="Fetch from the publishers by itself"
        checked={schedule.enabled}
        onChange={(enabled) => set(enabled, schedule.everyHours)}
      />
      {schedule.enabled ? (
        <SelectField
          label="How often"
          value={current}
          options={[...new Set(['1', '3', '6', '12', '24', '168', current])].map((value) => ({
            value,
            label: value === '1' ? 'Every hour' : value === '168' ? 'Every week' : `Every ${value} hours`,
          }))}
          onChange={(value) => set(true, Number(value))}
        />
      ) : (
        <p className={text.muted}>Feeds are as old as the last import or update by hand.</p>
      )}
      {schedule.enabled && schedule.nextAt !== undefined ? (
        <p className={text.muted}>
          Next <Time at={schedule.nextAt} />
        </p>
      ) : null}
    </div>
  );
};
