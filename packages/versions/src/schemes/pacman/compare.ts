import { compareDigits, compareText, isDigitCode } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';

/** Whether pacman takes it: `[epoch:]version-release`. */
export const isPacmanVersion = (version: string): boolean =>
  version.length <= maxVersionLength && /^(?:\d+:)?[A-Za-z0-9._+]+(?:-\d+(?:\.\d+)?)?$/.test(version);

/**
 * Compares epoch, version, then release. vercmp calls versions equal when only one has a release; here none comes first, since
 * an order has to be transitive. See {@link VersionScheme.compare}.
 */
export const comparePacmanVersions = (a: string, b: string): number => {
  const left = split(a);
  const right = split(b);
  return (
    compareDigits(left.epoch, right.epoch) ||
    compareSegments(segmentsOf(left.version), segmentsOf(right.version)) ||
    Number(left.release !== undefined) - Number(right.release !== undefined) ||
    compareSegments(segmentsOf(left.release ?? ''), segmentsOf(right.release ?? ''))
  );
};

type Parts = { readonly epoch: string; readonly version: string; readonly release: string | undefined };

const split = (text: string): Parts => {
  const [, epoch = '', rest = ''] = /^(?:(\d*):)?([\s\S]*)$/.exec(text.slice(0, maxVersionLength).trim()) ?? [];
  const hyphen = rest.lastIndexOf('-');
  return {
    epoch,
    version: hyphen < 0 ? rest : rest.slice(0, hyphen),
    release: hyphen < 0 ? undefined : rest.slice(hyphen + 1),
  };
};

/** A run of digits or letters and how many other characters stand before it. Separators at the end say nothing. */
type Segment = { readonly gap: number; readonly text: string };

const segmentsOf = (version: string): Segment[] =>
  Array.from(version.matchAll(/([^A-Za-z0-9]*)(\d+|[A-Za-z]+)/g), ([, gap = '', text = '']) => ({
    gap: gap.length,
    text,
  }));

const compareSegments = (a: readonly Segment[], b: readonly Segment[]): number => {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const left = a[index];
    const right = b[index];
    const difference = placeOf(left) - placeOf(right) || compareTexts(left, right);
    if (difference !== 0) return difference;
  }
  return 0;
};

/** Letters that follow at once are a pre-release, older than the version that ends here; then by the gap, letters first. */
const placeOf = (segment: Segment | undefined): number => {
  if (segment === undefined) return 1;
  const isNumber = isDigitCode(segment.text.charCodeAt(0));
  return segment.gap === 0 && !isNumber ? 0 : 2 + 2 * segment.gap + Number(isNumber);
};

const compareTexts = (a: Segment | undefined, b: Segment | undefined): number => {
  if (a === undefined || b === undefined) return 0;
  return isDigitCode(a.text.charCodeAt(0)) ? compareDigits(a.text, b.text) : compareText(a.text, b.text);
};
