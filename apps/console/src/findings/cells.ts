import type { Facet, FindingFilter, FindingStatus, Severity } from '@parapet/contract/api';
import type { z } from 'zod';
import type { ExposureKind, UseKind } from '../database/tables/findings.ts';

/**
 * A cell is a finding's facets packed into one number; roll-ups count by it. The packing is the generated column
 * `findings.cell`: change both together.
 */
export type Cell = {
  readonly kind: 'vulnerability';
  readonly status: z.infer<typeof FindingStatus>;
  readonly severity: Severity;
  readonly exposure: ExposureKind;
  readonly use: UseKind;
  readonly exploited: readonly Exploited[];
  readonly fixable: boolean;
};
export type Exploited = 'kev' | 'epss-high' | 'exploit';

/** The part of a filter that cells answer. */
export type CellFilter = Pick<
  FindingFilter,
  'kind' | 'status' | 'severity' | 'exposure' | 'use' | 'exploited' | 'fixable'
>;
type Dimension = keyof CellFilter;

/** In the order of their numbers. */
const statuses = ['open', 'accepted', 'closed', 'ruled-out'] as const;
const severities = ['critical', 'high', 'medium', 'low'] as const;
const exposures = ['internet', 'zones', 'own-network', 'none-seen', 'unknown'] as const;
const uses = ['running', 'loaded', 'installed', 'unknown'] as const;
const exploitedBits = [
  ['kev', 9],
  ['epss-high', 10],
  ['exploit', 11],
] as const;

/** Statuses as roll-ups number them, when the filter is about nothing else; undefined when it is. */
export const statusesOnly = (filter: CellFilter): readonly number[] | undefined => {
  const { kind: _, status, ...others } = filter;
  if (Object.values(others).some((value) => value !== undefined)) return undefined;
  return (status ?? statuses).map((name) => statuses.indexOf(name));
};

export const decodeCell = (cell: number): Cell => ({
  kind: 'vulnerability',
  status: statuses[cell & 3] ?? 'closed',
  severity: severities[(cell >> 2) & 3] ?? 'low',
  exposure: exposures[(cell >> 4) & 7] ?? 'unknown',
  use: uses[(cell >> 7) & 3] ?? 'unknown',
  exploited: exploitedBits.filter(([, bit]) => ((cell >> bit) & 1) === 1).map(([name]) => name),
  fixable: ((cell >> 12) & 1) === 1,
});

/** Whether a cell passes a filter, one dimension left out if asked: a facet counts under all the other filters. */
export const passes = (cell: Cell, filter: CellFilter, except?: Dimension): boolean =>
  (except === 'kind' || allows(filter.kind, cell.kind)) &&
  (except === 'status' || allows(filter.status, cell.status)) &&
  (except === 'severity' || allows(filter.severity, cell.severity)) &&
  (except === 'exposure' || allows(filter.exposure, cell.exposure)) &&
  (except === 'use' || allows(filter.use, cell.use)) &&
  (except === 'exploited' ||
    filter.exploited === undefined ||
    cell.exploited.some((flag) => filter.exploited?.includes(flag))) &&
  (except === 'fixable' || filter.fixable === undefined || filter.fixable === cell.fixable);

const allows = (wanted: readonly string[] | undefined, value: string): boolean =>
  wanted === undefined || wanted.includes(value);

type Shown = {
  readonly name: Dimension;
  readonly label: string;
  readonly values: readonly (readonly [string, string])[];
};

const shown: readonly Shown[] = [
  { name: 'kind', label: 'Kind', values: [['vulnerability', 'Vulnerability']] },
  {
    name: 'status',
    label: 'Status',
    values: [
      ['open', 'Open'],
      ['accepted', 'Accepted'],
      ['ruled-out', 'Ruled out'],
      ['closed', 'Closed'],
    ],
  },
  {
    name: 'severity',
    label: 'Risk',
    values: [
      ['critical', 'Critical'],
      ['high', 'High'],
      ['medium', 'Medium'],
      ['low', 'Low'],
    ],
  },
  {
    name: 'exposure',
    label: 'Exposed to',
    values: [
      ['internet', 'Internet'],
      ['zones', 'Other zones'],
      ['own-network', 'Own network'],
      ['none-seen', 'Nothing seen'],
      ['unknown', 'Unknown'],
    ],
  },
  {
    name: 'use',
    label: 'In use',
    values: [
      ['running', 'Running now'],
      ['loaded', 'Loaded now'],
      ['installed', 'Installed only'],
      ['unknown', 'Unknown'],
    ],
  },
  {
    name: 'exploited',
    label: 'Known exploited',
    values: [
      ['kev', 'In KEV'],
      ['epss-high', 'EPSS over 50 %'],
      ['exploit', 'Exploit known'],
    ],
  },
  {
    name: 'fixable',
    label: 'Fix',
    values: [
      ['true', 'Fix published'],
      ['false', 'No fix yet'],
    ],
  },
];

export type CellCount = { readonly cell: number; readonly findings: number };

/** Every facet with all its values, each counted under all the other filters. */
export const facetsOf = (counts: readonly CellCount[], filter: CellFilter): Facet[] => {
  const cells = counts.map((count) => ({ ...decodeCell(count.cell), findings: count.findings }));
  return shown.map(({ name, label, values }) => {
    const others = cells.filter((cell) => passes(cell, filter, name));
    return {
      name,
      label,
      values: values.map(([value, valueLabel]) => ({
        value,
        label: valueLabel,
        count: others.reduce((sum, cell) => sum + (valuesOf(cell, name).includes(value) ? cell.findings : 0), 0),
      })),
    };
  });
};

const valuesOf = (cell: Cell, name: Dimension): readonly string[] => {
  const value = cell[name];
  return typeof value === 'string' ? [value] : typeof value === 'boolean' ? [String(value)] : value;
};
