/** All scores of a vector, 0 to 10. */
export type CvssScores = {
  readonly version: string;
  readonly base: number;
  /** Version 2: absent without such metrics. Version 3: the base score then. Version 4 has none. */
  readonly temporal?: number;
  readonly environmental?: number;
  /** What the vector as a whole says: for version 4 the only score, with threat and environment where given. */
  readonly overall: number;
};

/** The values of a vector by metric. */
export type CvssMetrics = ReadonlyMap<string, string>;
