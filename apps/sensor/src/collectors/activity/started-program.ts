import type { ProbedExec } from '@parapet/kernel';

/** What is known of a program when it starts. */
export type StartedProgram = Pick<ProbedExec, 'exe' | 'exePath' | 'process'>;

/** `late`: not known when the event left. `gone`: the process ended, and its file is not found by its path, or is another one there. */
export type HashAbsence = 'late' | 'large' | 'gone' | 'busy';
export type FileHash = { readonly sha256: string } | { readonly absent: HashAbsence };
