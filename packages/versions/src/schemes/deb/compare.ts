import { compareDigits, isDigitCode, isLetterCode } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';

/** Whether dpkg takes it: `[epoch:]upstream[-revision]` with an upstream part that begins with a digit. */
export const isDebVersion = (version: string): boolean =>
  version.length <= maxVersionLength &&
  /^(?:\d{1,10}:[0-9][A-Za-z0-9.+~:-]*|[0-9][A-Za-z0-9.+~-]*)$/.test(version) &&
  !version.endsWith('-');

/** Compares by epoch, then upstream version, then revision; see {@link VersionScheme.compare}. */
export const compareDebVersions = (a: string, b: string): number => {
  const left = split(a);
  const right = split(b);
  return (
    compareDigits(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
};

type Parts = { readonly epoch: string; readonly upstream: string; readonly revision: string };

const split = (version: string): Parts => {
  const text = version.slice(0, maxVersionLength).trim();
  const colon = text.indexOf(':');
  const hasEpoch = colon > 0 && /^\d+$/.test(text.slice(0, colon));
  const rest = hasEpoch ? text.slice(colon + 1) : text;
  const hyphen = rest.lastIndexOf('-');
  return {
    epoch: hasEpoch ? text.slice(0, colon) : '',
    upstream: hyphen < 0 ? rest : rest.slice(0, hyphen),
    revision: hyphen < 0 ? '' : rest.slice(hyphen + 1),
  };
};

/** Runs of non-digits and of digits alternate; the former sort by {@link weight}, the latter by value. */
const comparePart = (a: string, b: string): number => {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while (isText(a, i) || isText(b, j)) {
      const difference = weight(a, i) - weight(b, j);
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    const endA = endOfDigits(a, i);
    const endB = endOfDigits(b, j);
    const difference = compareDigits(a.slice(i, endA), b.slice(j, endB));
    if (difference !== 0) return difference;
    i = endA;
    j = endB;
  }
  return 0;
};

const isText = (text: string, at: number): boolean => at < text.length && !isDigitCode(text.charCodeAt(at));

/** `~` before the end of the part, the end before letters, letters before everything else. */
const weight = (text: string, at: number): number => {
  if (at >= text.length) return 0;
  const code = text.charCodeAt(at);
  if (code === 126) return -1;
  if (isDigitCode(code)) return 0;
  return isLetterCode(code) ? code : code + 256;
};

const endOfDigits = (text: string, from: number): number => {
  let end = from;
  while (end < text.length && isDigitCode(text.charCodeAt(end))) end += 1;
  return end;
};
