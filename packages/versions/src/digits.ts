/** Compares two runs of ASCII digits by value, of any length, without converting them; an empty run counts as zero. */
export const compareDigits = (a: string, b: string): number => {
  const left = withoutLeadingZeros(a);
  const right = withoutLeadingZeros(b);
  if (left.length !== right.length) return left.length - right.length;
  return compareText(left, right);
};

/** Compares two strings by UTF-16 code units; the same on every machine and locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether the character code is one of `0` to `9`. */
export const isDigitCode = (code: number): boolean => code >= 48 && code <= 57;

/** Whether the character code is an ASCII letter. */
export const isLetterCode = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

const withoutLeadingZeros = (digits: string): string => {
  let start = 0;
  while (digits.charCodeAt(start) === 48) start += 1;
  return start === 0 ? digits : digits.slice(start);
};
