import { type EventAction, maxTextLength, type TelemetryEvent } from '@parapet/contract/telemetry';
import type { AccountChange } from './account-changes.ts';
import type { AccountEntry, AccountSubject } from './account-entry.ts';

export const actionOf = (subject: AccountSubject): Extract<EventAction, 'user-change' | 'cron-change'> => {
  switch (subject) {
    case 'user':
    case 'group':
    case 'password':
    case 'sudo rule':
      return 'user-change';
    case 'cron job':
    case 'cron script':
    case 'unit':
    case 'unit link':
      return 'cron-change';
  }
};

export const describeChange = (
  { path, type, before, after }: AccountChange,
  entry: AccountEntry,
  { atUs, wasAway }: { readonly atUs: number; readonly wasAway: boolean },
): TelemetryEvent => {
  const event: TelemetryEvent = {
    '@timestamp': atUs,
    'event.action': actionOf(entry.subject),
    'parapet.source': 'comparison',
    'file.path': path.slice(0, maxTextLength),
    'parapet.change.type': type,
    'parapet.change.subject': entry.subject,
  };
  const texts = [
    ['parapet.change.before', before?.shown],
    ['parapet.change.after', after?.shown],
    ['user.target.name', entry.user],
    ['group.name', entry.subject === 'group' ? entry.name : undefined],
    ['file.hash.sha256', hashOf(after)],
    ['parapet.file.previous.sha256', hashOf(before)],
  ] as const;
  for (const [name, value] of texts)
    if (value !== undefined && value !== '') event[name] = value.slice(0, maxTextLength);
  if (entry.userId !== undefined) event['user.target.id'] = entry.userId;
  if (wasAway) event['parapet.change.while_away'] = true;
  return event;
};

const hashOf = (entry: AccountEntry | undefined): string | undefined =>
  entry?.subject === 'unit' || entry?.subject === 'cron script' ? entry.mark : undefined;
