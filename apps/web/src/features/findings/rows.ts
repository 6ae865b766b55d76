import type { FindingGroup, FindingSummary } from '@parapet/contract/api';

/** A line of the findings table: a group, a finding (in a group or by itself), or a word about what is missing. */
export type FindingRow =
  | { readonly kind: 'group'; readonly key: string; readonly group: FindingGroup; readonly expanded: boolean }
  | { readonly kind: 'finding'; readonly key: string; readonly finding: FindingSummary; readonly groupKey?: string }
  | {
      readonly kind: 'note';
      readonly key: string;
      readonly group: FindingGroup;
      readonly note: 'loading' | 'failed' | 'more';
    };

export type Members =
  | { readonly state: 'loading' }
  | { readonly state: 'failed' }
  | { readonly state: 'ready'; readonly findings: readonly FindingSummary[]; readonly complete: boolean };

/** Groups with the findings of those that are open under them. */
export const groupedRows = (
  groups: readonly FindingGroup[],
  members: ReadonlyMap<string, Members>,
): readonly FindingRow[] =>
  groups.flatMap((group): readonly FindingRow[] => {
    const inside = members.get(group.key);
    const head: FindingRow = { kind: 'group', key: `group:${group.key}`, group, expanded: inside !== undefined };
    return inside === undefined ? [head] : [head, ...memberRows(group, inside)];
  });

export const plainRows = (findings: readonly FindingSummary[]): readonly FindingRow[] =>
  findings.map((finding) => ({ kind: 'finding', key: `finding:${finding.id}`, finding }));

const memberRows = (group: FindingGroup, members: Members): readonly FindingRow[] => {
  const note = (kind: 'loading' | 'failed' | 'more'): FindingRow => ({
    kind: 'note',
    key: `${kind}:${group.key}`,
    group,
    note: kind,
  });
  if (members.state !== 'ready') return [note(members.state)];
  const rows = members.findings.map(
    (finding): FindingRow => ({
      kind: 'finding',
      key: `finding:${group.key}:${finding.id}`,
      finding,
      groupKey: group.key,
    }),
  );
  return members.complete ? rows : [...rows, note('more')];
};
