/** A figure over time. */
export type Sample = { readonly atMs: number; readonly value: number };

/** How a figure went: means of the first and the last third, the straight line through all (by least squares), the highest, and twelve means for the eye. */
export const curveOf = (samples: readonly Sample[]): Curve => {
  const third = Math.ceil(samples.length / 3);
  return {
    firstThird: meanOf(samples.slice(0, third)),
    lastThird: meanOf(samples.slice(-third)),
    perHour: slopeOf(samples) * 3_600_000,
    max: samples.reduce((highest, { value }) => Math.max(highest, value), 0),
    shape: twelfthsOf(samples).map(meanOf),
  };
};

export type Curve = {
  readonly firstThird: number;
  readonly lastThird: number;
  readonly perHour: number;
  readonly max: number;
  readonly shape: readonly number[];
};

const meanOf = (samples: readonly Sample[]): number =>
  samples.reduce((sum, { value }) => sum + value, 0) / Math.max(1, samples.length);

const slopeOf = (samples: readonly Sample[]): number => {
  const meanAt = samples.reduce((sum, { atMs }) => sum + atMs, 0) / Math.max(1, samples.length);
  const mean = meanOf(samples);
  let along = 0;
  let spread = 0;
  for (const { atMs, value } of samples) {
    along += (atMs - meanAt) * (value - mean);
    spread += (atMs - meanAt) ** 2;
  }
  return spread === 0 ? 0 : along / spread;
};

const twelfthsOf = (samples: readonly Sample[]): readonly (readonly Sample[])[] =>
  Array.from({ length: 12 }, (_, index) =>
    samples.slice(Math.floor((samples.length * index) / 12), Math.floor((samples.length * (index + 1)) / 12)),
  ).filter((part) => part.length > 0);
