/**
 * Reading of parsed but unchecked documents (JSON, YAML, TOML) field by field: a lock file with one odd entry still tells of all
 * others. Keys are only ever read, and of own properties, so that `__proto__` is a name like any other.
 */
export type Fields = Readonly<Record<string, unknown>>;

/** The value when it is an object; else an empty one. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : empty);

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const empty: Fields = {};

/** One field of an object; `undefined` when it is none, or has no such field of its own. */
export const fieldOf = (value: unknown, key: string): unknown =>
  isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined;

/** One field when it is text. */
export const textField = (value: unknown, key: string): string | undefined => {
  const found = fieldOf(value, key);
  return typeof found === 'string' ? found : undefined;
};

/** The elements when it is an array; else none. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The elements that are text. */
export const textsOf = (value: unknown): readonly string[] =>
  listOf(value).filter((element): element is string => typeof element === 'string');
