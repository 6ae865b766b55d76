import { type FieldName, type FieldType, type TelemetryEvent, telemetryFields } from '@parapet/contract/telemetry';
import { addressKey } from '../language/address-range.ts';
import { addressColumn } from './condition.ts';

const columnTypes: Readonly<Record<FieldType, string>> = {
  keyword: 'varchar',
  keywords: 'varchar[]',
  number: 'bigint',
  boolean: 'boolean',
  ip: 'varchar',
  ips: 'varchar[]',
  time: 'bigint',
};

/** The columns of a stored event with their types: one for each field, and one more for the order of addresses. */
export const columns: readonly { readonly name: string; readonly type: string }[] = Object.entries(
  telemetryFields,
).flatMap(([name, field]) => {
  const type = columnTypes[field.type];
  const isAddress = field.type === 'ip' || field.type === 'ips';
  return isAddress
    ? [
        { name, type },
        { name: addressColumn(name), type },
      ]
    : [{ name, type }];
});

/** What the console adds to an event. */
export type StoredBy = {
  readonly hostId: string;
  readonly hostName: string;
  readonly ingestedUs: number;
  readonly sequence: number;
};

/** The row of an event. An address that is none has no place in their order, but is kept as text. */
export const rowOf = (event: TelemetryEvent, by: StoredBy): Readonly<Record<string, unknown>> => {
  const row: Record<string, unknown> = {
    ...event,
    'host.id': by.hostId,
    'host.name': by.hostName,
    'event.ingested': by.ingestedUs,
    'event.sequence': by.sequence,
  };
  for (const name of ipFields) {
    const value = event[name];
    if (value !== undefined) row[addressColumn(name)] = addressKey(value);
  }
  const answers = event['dns.resolved_ip'];
  if (answers !== undefined) row[addressColumn('dns.resolved_ip')] = answers.map((text) => addressKey(text) ?? '');
  return row;
};

const ipFields = ['source.ip', 'destination.ip'] as const satisfies readonly FieldName[];
