/** What came of one step of the tests. */
export type StepResult = {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  /** Tests left out, by reason. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** What failed, with the first words of why: a log that is cut to its end still says it. */
  readonly failures: readonly Failure[];
};

export type Failure = { readonly file: string; readonly test: string; readonly why: string };
