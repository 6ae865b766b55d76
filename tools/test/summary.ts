import type { StepResult } from './result.ts';

const shownFailures = 10;

/** Prints what ran, what failed and what was left out with its reason; returns the exit code. */
export const summarise = (
  results: readonly StepResult[],
  notes: readonly string[],
  say: (text: string) => void,
): number => {
  say('\n== summary');
  for (const result of results) {
    const skipped = [...result.leftOut.values()].reduce((sum, count) => sum + count, 0);
    say(
      `${result.ok ? 'ok    ' : 'FAILED'} ${result.name}: ${result.passed} passed, ${result.failed} failed, ${skipped} left out (${result.seconds} s)`,
    );
  }
  for (const note of notes) say(`note: ${note}`);
  const failures = results.flatMap((result) => result.failures);
  for (const { file, test, why } of failures.slice(0, shownFailures)) say(`failed: ${file}: ${test}\n  ${why}`);
  if (failures.length > shownFailures) say(`and ${failures.length - shownFailures} more failures, in the output above`);
  const leftOut = new Map<string, number>();
  for (const result of results)
    for (const [reason, count] of result.leftOut) leftOut.set(reason, (leftOut.get(reason) ?? 0) + count);
  if (leftOut.size > 0) say('left out:');
  for (const [reason, count] of leftOut) say(`  ${count} tests: ${reason}`);
  const total = (pick: (result: StepResult) => number): number =>
    results.reduce((sum, result) => sum + pick(result), 0);
  const skipped = [...leftOut.values()].reduce((sum, count) => sum + count, 0);
  say(`${total((r) => r.passed)} passed, ${total((r) => r.failed)} failed, ${skipped} skipped`);
  return results.every((result) => result.ok) ? 0 : 1;
};
