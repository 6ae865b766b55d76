import { type ParseError, parse as parseJsonText, printParseErrorCode } from 'jsonc-parser';
import { parse as parseTomlText } from 'smol-toml';
import { parseDocument } from 'yaml';
import { type FileContext, FormatError, type FoundFile } from './extractor.ts';
import { type Fields, isFields } from './fields.ts';

/** The text of a file; throws what makes it unreadable. */
export const readText = async (file: FoundFile): Promise<string> => {
  const text = await file.text();
  if (text.ok) return text.value;
  throw new FormatError(text.error.message);
};

/** The object that a JSON file holds. */
export const readJson = async (file: FoundFile): Promise<Fields> => parseJsonObject(await readText(file));

export const parseJsonObject = (text: string): Fields => objectOf(JSON.parse(text), 'JSON');

/** The object of a JSON file that may have comments, and commas after the last element. */
export const readJsonWithComments = async (file: FoundFile): Promise<Fields> => {
  const errors: ParseError[] = [];
  const value: unknown = parseJsonText(await readText(file), errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) throw new FormatError(`${printParseErrorCode(error.error)} at ${error.offset}.`);
  return objectOf(value, 'JSON');
};

/** The table that a TOML file is. */
export const readToml = async (file: FoundFile): Promise<Fields> =>
  objectOf(parseTomlText(await readText(file)), 'TOML');

/** YAML takes much more memory than its text: 2 MB of a lock file become 100. */
const maxYamlBytes = 4 * 1024 * 1024;
/** Anchors that repeat anchors grow exponentially. */
const maxAliases = 100;

/** The mapping that a YAML file holds; every scalar is text, so that a version `1.10` stays what it is. */
export const parseYaml = (text: string): Fields => {
  if (text.length > maxYamlBytes) throw new FormatError(`it is YAML of more than ${maxYamlBytes} bytes.`);
  const document = parseDocument(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
    keepSourceTokens: false,
  });
  const [error] = document.errors;
  if (error !== undefined) throw new FormatError(error.message.split('\n', 1)[0]);
  return objectOf(document.toJS({ maxAliasCount: maxAliases }), 'YAML');
};

export const readYaml = async (file: FoundFile): Promise<Fields> => parseYaml(await readText(file));

const objectOf = (value: unknown, format: string): Fields => {
  if (isFields(value)) return value;
  throw new FormatError(`its ${format} is no object.`);
};

/** Reads another file of the target; `undefined` when it is not there or cannot be read. */
export const readNeighbour = async (
  context: FileContext,
  path: string,
  maxBytes: number,
): Promise<string | undefined> => {
  const content = await context.fileSystem.readFile(path, maxBytes);
  return content.ok ? content.value.toString('utf8') : undefined;
};
