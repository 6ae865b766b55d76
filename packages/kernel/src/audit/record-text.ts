/**
 * The text of an audit record: `audit(SECONDS.MILLISECONDS:SERIAL): name=value name="text" name=68657861`. What a program chose is
 * written in quotes, or as hex when it holds a quote, a space or anything that is no printable ASCII: so no name can pass for a field.
 */
export type RecordStamp = {
  /** What the records of one event have in common; counted since boot. */
  readonly serial: number;
  /** Milliseconds since the Unix epoch, as of the clock's last tick. */
  readonly atMs: number;
  /** Where the fields begin. */
  readonly fieldsAt: number;
};

/** `undefined` for text that is no record. */
export const parseStamp = (text: string): RecordStamp | undefined => {
  const found = stamp.exec(text);
  if (found === null) return undefined;
  const [whole, seconds, milliseconds, serial] = found;
  return { serial: Number(serial), atMs: Number(seconds) * 1000 + Number(milliseconds), fieldsAt: whole.length };
};

const stamp = /^audit\((\d{1,11})\.(\d{3}):(\d{1,15})\): ?/;

/** A value as it is written. */
export type FieldValue = { readonly text: string; readonly isQuoted: boolean };

/** Calls back for each field in order until it says `false`. Words that are no fields are passed over. */
export const eachField = (
  text: string,
  from: number,
  callback: (name: string, value: FieldValue) => boolean | undefined,
): void => {
  let at = from;
  while (at < text.length) {
    const equals = text.indexOf('=', at);
    if (equals < 0) return;
    // Behind a word without a value comes a space before the sign.
    const name = text.slice(text.lastIndexOf(' ', equals - 1) + 1, equals);
    const isQuoted = text.charCodeAt(equals + 1) === quote;
    const start = isQuoted ? equals + 2 : equals + 1;
    const found = text.indexOf(isQuoted ? '"' : ' ', start);
    const end = found < 0 ? text.length : found;
    if (callback(name, { text: text.slice(start, end), isQuoted }) === false) return;
    at = end + 1;
  }
};

const quote = 0x22;

/** The bytes of a text that somebody chose; none for what the kernel writes where there is nothing, e.g. `(null)`. */
export const bytesOf = ({ text, isQuoted }: FieldValue): Buffer =>
  isQuoted ? Buffer.from(text, 'latin1') : isHex(text) ? Buffer.from(text, 'hex') : Buffer.alloc(0);

export const textOf = (value: FieldValue): string => (value.isQuoted ? value.text : bytesOf(value).toString('utf8'));

const isHex = (text: string): boolean => text.length % 2 === 0 && /^[0-9A-Fa-f]+$/.test(text);
