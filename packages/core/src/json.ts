import type { z } from 'zod';
import { fail, ok, type Problem, problem, type Result } from './result.ts';

/** Parses JSON text and checks it by a schema; neither step throws. */
export const parseJson = <S extends z.ZodType>(text: string, schema: S): Result<z.output<S>, Problem> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(problem('not-json', `This is not JSON: ${error instanceof Error ? error.message : String(error)}`));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  return fail(problem('wrong-shape', issue?.message ?? 'wrong shape', issue?.path.join('.')));
};
