import { type OsvAffected, OsvAffects, OsvImports } from './schema.ts';

const maxNotes = 8;
const maxNamed = 12;

/** What a publisher says beyond versions that helps to decide whether a package's user is concerned. */
export const notesOf = ({ ecosystem_specific: specific }: OsvAffected): string[] =>
  [...importNotes(specific?.imports), ...affectsNotes(specific?.affects)].slice(0, maxNotes);

/** Go: `Affected in net/http: Client.Do, Get`. */
const importNotes = (imports: unknown): string[] => {
  const parsed = OsvImports.safeParse(imports);
  if (!parsed.success) return [];
  return parsed.data.map(({ path, symbols }) =>
    symbols === undefined || symbols.length === 0 ? `Affected in ${path}` : `Affected in ${path}: ${namesOf(symbols)}`,
  );
};

/** Rust: functions, operating systems and processors. */
const affectsNotes = (affects: unknown): string[] => {
  const { functions, os, arch } = OsvAffects.safeParse(affects).data ?? {};
  return [
    ...labelled('Affected functions', functions),
    ...labelled('Only on', os),
    ...labelled('Only on processors', arch),
  ];
};

const labelled = (label: string, names: readonly string[] | undefined): string[] =>
  names === undefined || names.length === 0 ? [] : [`${label}: ${namesOf(names)}`];

const namesOf = (names: readonly string[]): string => {
  const rest = names.length - maxNamed;
  return `${names.slice(0, maxNamed).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
};
