/** What names a product in NVD's dictionary. */
export type CpeParts = {
  readonly vendor: string;
  readonly product: string;
  /** `a` for applications, `o` for systems. */
  readonly part?: 'a' | 'o';
  /** Without it, the package's own. */
  readonly version?: string;
};

const maxPartLength = 72;

/** A CPE 2.3 name as a formatted string (NIST IR 7695, 6.2), at most 512 characters; what is not said is any. */
export const cpeOf = ({ part = 'a', vendor, product, version = '' }: CpeParts): string =>
  ['cpe:2.3', part, quoted(vendor), quoted(product), version === '' ? '*' : quoted(version), ...rest].join(':');

const rest = ['*', '*', '*', '*', '*', '*', '*'];

/** Lower case, as the dictionary has it; all but letters, digits, `_`, `-` and `.` is quoted, spaces become `_`. */
const quoted = (text: string): string =>
  text
    .slice(0, maxPartLength)
    .toLowerCase()
    .replace(/\s/g, '_')
    .replace(/[^\w.-]/g, (character) => (character > '~' || character < '!' ? '_' : `\\${character}`));
