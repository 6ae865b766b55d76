import { viewOf } from '../netlink/message.ts';
import { rules, type StartCalls } from './numbers.ts';

/** `struct audit_rule_data` (`linux/audit.h`) as the kernel takes and lists it. */
export type AuditRule = Uint8Array;

export type StartRuleOptions = {
  /** Marks the rule as ours, for whoever lists them. */
  readonly key: string;
  /**
   * A file that no process runs. The kernel removes the rule when the folder that it is in goes away. Needs Linux 4.18.
   */
  readonly goneWith: string | undefined;
};

/** A rule that asks for a record of each start of a program that succeeds. */
export const encodeStartRule = ({ architecture, calls }: StartCalls, options: StartRuleOptions): AuditRule => {
  const { fields, equal, notEqual } = rules;
  const texts = [...(options.goneWith === undefined ? [] : [options.goneWith]), options.key].map((text) =>
    Buffer.from(text, 'utf8'),
  );
  const length = (index: number): number => texts.at(index)?.length ?? 0;
  const compared: readonly (readonly [field: number, operator: number, value: number])[] = [
    // First, as the kernel's own tools do: the numbers of calls mean nothing without it.
    [fields.architecture, equal, architecture],
    [fields.success, equal, 1],
    ...(options.goneWith === undefined ? [] : [[fields.executable, notEqual, length(0)] as const]),
    [fields.key, equal, length(-1)],
  ];
  const buffer = Buffer.concat(texts);
  const rule = new Uint8Array(layout.texts + buffer.length);
  const view = viewOf(rule);
  view.setUint32(layout.list, rules.exitList, true);
  view.setUint32(layout.action, rules.always, true);
  view.setUint32(layout.fieldCount, compared.length, true);
  for (const call of calls) {
    const at = layout.calls + (call >> 5) * 4;
    view.setUint32(at, (view.getUint32(at, true) | (1 << (call & 31))) >>> 0, true);
  }
  compared.forEach(([field, operator, value], index) => {
    view.setUint32(layout.fields + index * 4, field, true);
    view.setUint32(layout.values + index * 4, value >>> 0, true);
    view.setUint32(layout.operators + index * 4, operator, true);
  });
  view.setUint32(layout.textBytes, buffer.length, true);
  rule.set(buffer, layout.texts);
  return rule;
};

/** The key of a listed rule; `undefined` for one that has none or that cannot be read. */
export const keyOfRule = (rule: AuditRule): string | undefined => {
  if (rule.length < layout.texts) return undefined;
  const view = viewOf(rule);
  const count = Math.min(view.getUint32(layout.fieldCount, true), maxFields);
  let at: number = layout.texts;
  for (let index = 0; index < count; index += 1) {
    const field = view.getUint32(layout.fields + index * 4, true);
    if (!hasText(field)) continue;
    const end = at + view.getUint32(layout.values + index * 4, true);
    if (end > rule.length) return undefined;
    if (field === rules.fields.key) return Buffer.from(rule.subarray(at, end)).toString('utf8');
    at = end;
  }
  return undefined;
};

/** AUDIT_MAX_FIELDS; a mask of calls has as many words. */
const maxFields = 64;
const layout = {
  list: 0,
  action: 4,
  fieldCount: 8,
  calls: 12,
  fields: 268,
  values: 524,
  operators: 780,
  textBytes: 1036,
  texts: 1040,
} as const;

/** Those whose value is a length of text behind the rule: labels of security modules, watched files and folders, keys, programs. */
const hasText = (field: number): boolean =>
  (field >= 13 && field <= 17) || (field >= 19 && field <= 23) || [105, 107, 112, 210].includes(field);
