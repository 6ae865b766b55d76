import type { BackupStatus, BackupSummary } from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from '../../components/button.tsx';
import { CommandBlock } from '../../components/copy.tsx';
import { CheckField, SelectField } from '../../components/field.tsx';
import { Section } from '../../components/page.tsx';
import { Progress } from '../../components/progress.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { apiQuery, useApiMutation } from '../../lib/api.ts';
import { formatBytes } from '../../lib/format.ts';
import { useProgramCall } from '../../lib/program-call.ts';
import { useMay } from '../../lib/session.ts';
import styles from './settings.module.css';

/** Backups on the console's machine: the last, the next, one now, and how to come back from them. */
export const Backups = () => {
  const mayWrite = useMay('system:write');
  const { data, error, refetch } = useQuery({
    ...apiQuery('backups.status'),
    refetchInterval: ({ state }) => (state.data?.running === undefined ? 15_000 : 1000),
  });
  return (
    <Section title="Backups">
      {data === undefined ? (
        error === null ? (
          <Skeleton label="the backups" lines={3} />
        ) : (
          <Failure what="The backups could not be fetched" error={error} retry={() => void refetch()} />
        )
      ) : (
        <>
          <p>{sentenceOf(data)}</p>
          {data.restoredFrom === undefined ? null : (
            <p className={text.muted}>
              This console was restored <Time at={data.restoredFrom.restoredAt} /> from a backup of{' '}
              {data.restoredFrom.console} taken <Time at={data.restoredFrom.takenAt} />. What was revoked in between
              must be revoked again.
            </p>
          )}
          {data.lastFailure === undefined ? null : (
            <p className={styles.problem} role="alert">
              The last one failed <Time at={data.lastFailure.at} />: {data.lastFailure.message}
            </p>
          )}
          {mayWrite ? <Making status={data} /> : null}
          {data.backups.length === 0 ? null : (
            <SimpleTable label="Backups" columns={columns} rows={data.backups} rowKey={({ name }) => name} />
          )}
          <Restoring status={data} />
        </>
      )}
    </Section>
  );
};

const sentenceOf = ({ backups, folder }: BackupStatus) => {
  const [last] = backups;
  if (last === undefined) return `There is no backup yet. They are kept in ${folder} on the console’s machine.`;
  return (
    <>
      The last backup was taken <Time at={last.takenAt} /> and has {formatBytes(last.sizeBytes)}. It lies in {folder} on
      the console’s machine: copy it to another one.
    </>
  );
};

const Making = ({ status }: { readonly status: BackupStatus }) => {
  const client = useQueryClient();
  const notify = useNotify();
  const keep = (next: BackupStatus): void => {
    client.setQueryData(apiQuery('backups.status').queryKey, next);
    void client.invalidateQueries({ queryKey: ['backups.status'] });
  };
  const make = useApiMutation('backups.make', keep);
  const save = useApiMutation('backups.schedule', (next) => {
    keep(next);
    notify.done('Schedule saved');
  });
  const { enabled, everyHours, keep: kept, nextAt } = status.schedule;
  const set = (part: Partial<{ enabled: boolean; everyHours: number; keep: number }>): void =>
    save.mutate(
      { body: { enabled, everyHours, keep: kept, ...part } },
      { onError: (failure) => notify.failed('The schedule is as before', failure) },
    );
  return (
    <>
      {status.running === undefined ? (
        <p>
          <Button
            disabled={make.isPending}
            onClick={() => make.mutate({}, { onError: (failure) => notify.failed('No backup is being made', failure) })}
          >
            Make a backup now
          </Button>
        </p>
      ) : (
        <div className={styles.busy} role="status">
          <span>Backing up: {status.running.step}</span>
          <Progress label="Backup" share={status.running.progress} />
        </div>
      )}
      <CheckField label="Make one by itself" checked={enabled} onChange={(next) => set({ enabled: next })} />
      {enabled ? (
        <div className={styles.pair}>
          <SelectField
            label="How often"
            value={String(everyHours)}
            options={choices([6, 12, 24, 72, 168], everyHours, hoursOf)}
            onChange={(value) => set({ everyHours: Number(value) })}
          />
          <SelectField
            label="How many are kept"
            value={String(kept)}
            options={choices([1, 3, 7, 14, 30], kept, (count) => (count === 1 ? 'the last one' : `the last ${count}`))}
            onChange={(value) => set({ keep: Number(value) })}
          />
        </div>
      ) : null}
      {nextAt === undefined ? null : (
        <p className={text.muted}>
          Next <Time at={nextAt} />
        </p>
      )}
    </>
  );
};

const hoursOf = (hours: number): string =>
  hours === 168
    ? 'Every week'
    : hours % 24 === 0
      ? hours === 24
        ? 'Every day'
        : `Every ${hours / 24} days`
      : `Every ${hours} hours`;

const choices = (usual: readonly number[], current: number, label: (value: number) => string) =>
  [...new Set([...usual, current])]
    .sort((a, b) => a - b)
    .map((value) => ({ value: String(value), label: label(value) }));

const Restoring = ({ status }: { readonly status: BackupStatus }) => {
  const command = useProgramCall();
  return (
    <>
      {status.withKeys ? null : (
        <p className={text.muted}>
          These backups hold no keys, because no passphrase is set: keep the folder keys/ of the data folder as well, or
          set PARAPET_BACKUP_PASSPHRASE. Without keys every sensor would have to be enrolled anew.
        </p>
      )}
      <p className={text.muted}>
        A backup holds everything the console knows except events, which --events takes along. It is not handed out over
        the network. Take one away, and put it back on another machine under the same address; sensors reconnect by
        themselves:
      </p>
      <CommandBlock
        label="Backup and restore"
        commands={[`${command} backup console.tar`, `${command} restore console.tar --data-dir /an/empty/folder`]}
      />
    </>
  );
};

const origins: Readonly<Record<BackupSummary['origin'], string>> = {
  manual: 'asked for',
  scheduled: 'scheduled',
  'before-upgrade': 'before an upgrade',
};

const columns = [
  { id: 'taken', header: 'Taken', cell: (backup: BackupSummary) => <Time at={backup.takenAt} /> },
  { id: 'origin', header: 'Why', cell: (backup: BackupSummary) => origins[backup.origin] },
  { id: 'size', header: 'Size', align: 'end' as const, cell: (backup: BackupSummary) => formatBytes(backup.sizeBytes) },
  { id: 'program', header: 'By', wideOnly: true, cell: (backup: BackupSummary) => `Parapet ${backup.program}` },
  {
    id: 'name',
    header: 'File',
    wideOnly: true,
    cell: (backup: BackupSummary) => <span className={text.mono}>{backup.name}</span>,
  },
];
