import type { ScanFinding } from '@parapet/contract';
import {
  fail,
  messageOf,
  ok,
  type PackageUrl,
  type Problem,
  parsePackageUrl,
  problem,
  type Result,
} from '@parapet/core';
import { parse } from 'yaml';
import { z } from 'zod';

const day = z.iso.date();

/** Who sets something aside says why and until when: what nobody looks at again is how holes stay open. */
const IgnoreEntry = z
  .strictObject({
    /** A vulnerability by any of its names. */
    id: z.string().min(1).max(256).optional(),
    /** A package URL; what it leaves out it does not ask for. */
    purl: z.string().min(1).max(2048).optional(),
    reason: z.string().trim().min(1, 'a reason is required').max(4096),
    expires: day,
  })
  .refine(({ id, purl }) => id !== undefined || purl !== undefined, 'an entry needs id, purl or both');

const IgnoreDocument = z.strictObject({ ignore: z.array(IgnoreEntry).max(10_000) });

export type IgnoreRule = {
  readonly id: string | undefined;
  readonly purl: PackageUrl | undefined;
  readonly reason: string;
  /** The last day on which it holds, UTC. */
  readonly expires: string;
};

/** Aliases in YAML multiply: a short text can become gigabytes. No ignore file needs any. */
const yamlOptions = { maxAliasCount: 0 } as const;

/** Reads an ignore file, YAML or JSON. Fails with `bad-ignore-file` and says which entry is wrong. */
export const parseIgnoreFile = (text: string): Result<readonly IgnoreRule[], Problem> => {
  let document: unknown;
  try {
    document = parse(text, yamlOptions);
  } catch (error) {
    return fail(problem('bad-ignore-file', `The ignore file is neither YAML nor JSON: ${messageOf(error)}`));
  }
  const parsed = IgnoreDocument.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail(
      problem(
        'bad-ignore-file',
        `The ignore file is wrong at ${issue?.path.join('.') || 'its top'}: ${issue?.message}.`,
      ),
    );
  }
  const rules: IgnoreRule[] = [];
  for (const [index, { id, purl, reason, expires }] of parsed.data.ignore.entries()) {
    const read = purl === undefined ? ok(undefined) : parsePackageUrl(purl);
    if (!read.ok)
      return fail(
        problem('bad-ignore-file', `The ignore file is wrong at ignore.${index}.purl: ${read.error.message}`),
      );
    rules.push({ id, purl: read.value, reason, expires });
  }
  return ok(rules);
};

export type Ignoring = {
  /** The rule that sets a finding aside. */
  readonly ruleFor: (finding: ScanFinding) => IgnoreRule | undefined;
  /** Rules whose day is over: what they set aside counts again. */
  readonly expired: readonly IgnoreRule[];
};

export const createIgnoring = (rules: readonly IgnoreRule[], nowMs: number): Ignoring => {
  const today = new Date(nowMs).toISOString().slice(0, 10);
  const valid = rules.filter(({ expires }) => expires >= today);
  return {
    ruleFor: (finding) => valid.find((rule) => speaksOf(rule, finding)),
    expired: rules.filter(({ expires }) => expires < today),
  };
};

export const describeRule = ({ id, purl, expires }: IgnoreRule): string =>
  `${[id, purl === undefined ? undefined : `${purl.type}/${purl.name}`].filter(Boolean).join(' in ')} (until ${expires})`;

const speaksOf = (rule: IgnoreRule, finding: ScanFinding): boolean => {
  const { id, purl } = rule;
  if (id !== undefined && id !== finding.vulnerability && !finding.aliases.includes(id) && id !== finding.advisory)
    return false;
  if (purl === undefined) return true;
  const found = parsePackageUrl(finding.purl);
  return found.ok && covers(purl, found.value);
};

const covers = (asked: PackageUrl, found: PackageUrl): boolean =>
  asked.type === found.type &&
  asked.namespace === found.namespace &&
  asked.name === found.name &&
  (asked.version === '' || asked.version === found.version) &&
  Object.entries(asked.qualifiers).every(([key, value]) => found.qualifiers[key] === value);
