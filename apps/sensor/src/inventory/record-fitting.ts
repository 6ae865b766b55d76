import { InventoryRecord } from '@parapet/contract/wire';
import { fail, ok, type Problem, problem, type Result, storableJson } from '@parapet/core';

/** A record's JSON beyond this many bytes would not surely fit a frame of 64 KiB together with its envelope. */
export const recordBytes = 48 * 1024;

/** A record as it goes on the wire. */
export type FittedRecord = { readonly record: InventoryRecord; readonly json: string };

/**
 * Checks a record by the contract's schema and brings it to a size that a frame holds. What workloads control (names,
 * arguments, labels, paths) may hold NUL or lone surrogates, which the console's database refuses: they become U+FFFD.
 * Failure codes: `wrong-shape`, `too-large`.
 */
export const fitRecord = (candidate: InventoryRecord): Result<FittedRecord, Problem> => {
  const parsed = InventoryRecord.safeParse(candidate);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return fail(problem('wrong-shape', issue?.message ?? 'wrong shape', issue?.path.join('.')));
  }
  let record = parsed.data;
  let json = storableJson(record);
  for (const shrink of shrinks) {
    if (Buffer.byteLength(json) <= recordBytes) return ok({ record, json });
    record = shrink(record);
    json = storableJson(record);
  }
  if (Buffer.byteLength(json) <= recordBytes) return ok({ record, json });
  return fail(problem('too-large', `The record is larger than ${recordBytes} bytes.`, `${record.kind} ${record.key}`));
};

/** Tried in order until the record fits: the least telling parts go first. */
const shrinks: readonly ((record: InventoryRecord) => InventoryRecord)[] = [
  (record) =>
    record.kind === 'process'
      ? { ...record, loadedFiles: record.loadedFiles.slice(0, 32), loadedFilesCut: true }
      : record,
  (record) => (record.kind === 'process' ? { ...record, loadedFiles: [], loadedFilesCut: true } : record),
  (record) => (record.kind === 'container' || record.kind === 'image' ? { ...record, labels: {} } : record),
  (record) =>
    record.kind === 'container'
      ? {
          ...record,
          ports: record.ports.slice(0, 64),
          privilege: { ...record.privilege, hostMounts: record.privilege.hostMounts.slice(0, 16) },
        }
      : record,
  (record) =>
    record.kind === 'image'
      ? { ...record, tags: record.tags.slice(0, 16), repoDigests: record.repoDigests.slice(0, 16) }
      : record,
];
