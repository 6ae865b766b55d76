import { XMLParser } from 'fast-xml-parser';
import { FormatError } from './extractor.ts';

/** An element of a document. Namespaces are left off its names; text is that of the element itself. */
export type XmlElement = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
};

const maxDepth = 100;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  // Entities are what makes a small document large; the five that XML itself has are replaced here.
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/** The root of a document, which must have one of these names. Throws {@link FormatError}. */
export const parseXml = (text: string, rootNames: readonly string[]): XmlElement => {
  const parsed: unknown = parser.parse(text);
  const root = elementsOf(parsed, 0).find(({ name }) => rootNames.includes(name));
  if (root === undefined) throw new FormatError(`it has no element <${rootNames.join('>, <')}>.`);
  return root;
};

/** The first child of this name. */
export const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find((child) => child.name === name);

export const childrenOf = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  element?.children.filter((child) => child.name === name) ?? [];

/** The trimmed text of the first child of this name. */
export const textIn = (element: XmlElement | undefined, name: string): string | undefined =>
  childOf(element, name)?.text;

/** All elements below, whatever their depth. */
export const descendantsOf = function* (element: XmlElement): Generator<XmlElement> {
  for (const child of element.children) {
    yield child;
    yield* descendantsOf(child);
  }
};

const elementsOf = (nodes: unknown, depth: number): XmlElement[] => {
  if (!Array.isArray(nodes)) return [];
  if (depth > maxDepth) throw new FormatError(`its elements are nested more than ${maxDepth} deep.`);
  return nodes.flatMap((node: Readonly<Record<string, unknown>>): XmlElement[] => {
    const name = Object.keys(node).find((key) => key !== ':@' && key !== '#text');
    if (name === undefined) return [];
    const inner = node[name];
    return [
      { name, attributes: attributesOf(node[':@']), children: elementsOf(inner, depth + 1), text: textOf(inner) },
    ];
  });
};

const attributesOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(typeof value === 'object' && value !== null ? value : {}).map(([key, text]) => [
      key,
      decoded(String(text)),
    ]),
  );

const textOf = (nodes: unknown): string =>
  Array.isArray(nodes)
    ? decoded(nodes.map((node: Readonly<Record<string, unknown>>) => String(node['#text'] ?? '')).join('')).trim()
    : '';

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const decoded = (text: string): string =>
  text.includes('&') ? text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => named[name] ?? '') : text;
