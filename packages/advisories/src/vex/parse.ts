import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import type { z } from 'zod';
import { Csaf, fromCsaf } from './csaf.ts';
import { CycloneDxVex, fromCycloneDx } from './cyclonedx.ts';
import { type VexDocument, vexLimits } from './model.ts';
import { fromOpenVex, OpenVex } from './openvex.ts';

/**
 * Reads an OpenVEX, CSAF or CycloneDX document, told by what it says of itself. Fails with `too-large`, `bad-json` or `bad-vex`
 * and says where; nothing of a broken document is used.
 */
export const parseVex = (text: string): Result<VexDocument, Problem> => {
  if (text.length > vexLimits.bytes) {
    return fail(problem('too-large', `The VEX document has more than ${vexLimits.bytes} characters.`));
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail(problem('bad-json', 'The VEX document is not JSON.'));
  }
  if (has(json, '@context')) return checked(OpenVex.safeParse(json), fromOpenVex, 'OpenVEX');
  if (has(json, 'bomFormat')) return checked(CycloneDxVex.safeParse(json), fromCycloneDx, 'CycloneDX');
  if (has(json, 'document')) return checked(Csaf.safeParse(json), fromCsaf, 'CSAF');
  return fail(problem('bad-vex', 'This is no OpenVEX, CSAF or CycloneDX document.'));
};

const has = (json: unknown, key: string): boolean =>
  typeof json === 'object' && json !== null && Object.hasOwn(json, key);

const checked = <T>(
  parsed: z.ZodSafeParseResult<T>,
  convert: (document: T) => VexDocument,
  name: string,
): Result<VexDocument, Problem> => {
  if (parsed.success) return ok(convert(parsed.data));
  const [issue] = parsed.error.issues;
  return fail(
    problem('bad-vex', `This is no ${name} VEX document: ${issue?.message ?? 'invalid'}.`, issue?.path.join('.')),
  );
};
