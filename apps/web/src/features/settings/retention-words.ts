import type { RetentionKind, RetentionPreview, RetentionSettings } from '@parapet/contract/api';
import { formatBytes, formatCount, plural } from '../../lib/format.ts';

export const kindNames: Readonly<Record<RetentionKind, string>> = {
  graph: 'The graph’s past',
  'closed-findings': 'Closed findings',
  scans: 'Scans and risk over time',
  audit: 'Audit log',
  telemetry: 'Events',
};

const inSentences: Readonly<Record<RetentionKind, string>> = {
  graph: 'of the graph’s past',
  'closed-findings': 'of closed findings',
  scans: 'of scans and risk over time',
  audit: 'of the audit log',
  telemetry: 'of events',
};

/** `12 days of the graph’s past: about 1.2 GB, 3,400,000 rows`. */
export const deletionOf = ({ kind, days, bytes, rows }: RetentionPreview['deletes'][number]): string => {
  const span = days < 1 ? 'less than a day' : plural(Math.round(days), 'day');
  return `${span} ${inSentences[kind]}: about ${formatBytes(bytes)}, ${countOf(kind, rows)}`;
};

const countOf = (kind: RetentionKind, rows: number): string => {
  const word = kind === 'telemetry' ? 'event' : 'row';
  return `${formatCount(rows)} ${rows === 1 ? word : `${word}s`}`;
};

/** What people type: days as text, the budget in gigabytes, empty for none. */
export type RetentionDraft = Readonly<
  Record<
    'graphDays' | 'graphGb' | 'closedFindingsDays' | 'scansDays' | 'auditDays' | 'telemetryDays' | 'telemetryGb',
    string
  >
>;

export const draftOf = (settings: RetentionSettings): RetentionDraft => ({
  graphDays: String(settings.graphDays),
  graphGb: settings.graphBytes === null ? '' : String(settings.graphBytes / 1e9),
  closedFindingsDays: String(settings.closedFindingsDays),
  scansDays: String(settings.scansDays),
  auditDays: String(settings.auditDays),
  telemetryDays: String(settings.telemetryDays),
  telemetryGb: String(settings.telemetryBytes / 1e9),
});

/** The settings that a draft means; undefined while it is not whole. */
export const settingsOf = (draft: RetentionDraft): RetentionSettings | undefined => {
  const days = (text: string, least: number): number => {
    const value = Number(text);
    return text.trim() !== '' && Number.isInteger(value) && value >= least && value <= 3650 ? value : Number.NaN;
  };
  const gigabytes = draft.graphGb.trim() === '' ? null : Number(draft.graphGb);
  const settings = {
    graphDays: days(draft.graphDays, 1),
    graphBytes: gigabytes === null ? null : Math.round(gigabytes * 1e9),
    closedFindingsDays: days(draft.closedFindingsDays, 1),
    scansDays: days(draft.scansDays, 1),
    auditDays: days(draft.auditDays, 30),
    telemetryDays: days(draft.telemetryDays, 1),
    telemetryBytes: draft.telemetryGb.trim() === '' ? Number.NaN : Math.round(Number(draft.telemetryGb) * 1e9),
  };
  const { graphBytes, ...counts } = settings;
  const isWhole = Object.values(counts).every((value) => !Number.isNaN(value));
  const fits = (bytes: number): boolean => bytes >= 1e8 && bytes <= 1e15;
  return isWhole && (graphBytes === null || fits(graphBytes)) && fits(settings.telemetryBytes) ? settings : undefined;
};
