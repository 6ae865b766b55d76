/** Steps of time that people can read, in milliseconds: 1, 2, 5, 10, 15, 30 of a unit, whole days beyond. */
export const roundStep = (ms: number): number => steps.find((step) => step >= ms) ?? Math.ceil(ms / dayMs) * dayMs;

/** The step in which so many of them cover a span. */
export const stepOf = ({ since, until }: { readonly since: string; readonly until: string }, steps: number): number =>
  roundStep((Date.parse(until) - Date.parse(since)) / steps);

const dayMs = 86_400_000;
const steps = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12, 24].map((hours) => hours * 3_600_000),
];
