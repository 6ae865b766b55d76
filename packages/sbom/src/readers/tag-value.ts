/*
 * SPDX 2 as lines of `Tag: value`, which tells the same as its JSON; https://spdx.github.io/spdx-spec/v2.3/conformance/. Text of
 * several lines stands between `<text>` and `</text>`. A tag that begins an element (a package, a file, a snippet, a licence)
 * says to what the tags after it belong.
 */

type Fields = Record<string, unknown>;

/** Whether a text is in this form: comments and blank lines may go before the version, which is the first tag. */
export const isTagValue = (text: string): boolean =>
  /^(?:[^\S\n]*(?:#[^\n]*)?\n)*[^\S\n]*SPDXVersion[^\S\n]*:/.test(text);

/** The document as the JSON form has it, as far as it is read. Lines that are none, and tags that nobody needs, are passed over. */
export const jsonOfTagValue = (text: string): object => {
  const creationInfo: Fields = {};
  const packages: Fields[] = [];
  const relationships: Fields[] = [];
  const document: Fields = { creationInfo, packages, relationships };
  let element: Fields = document;
  for (const [tag, value] of tagsOf(text)) {
    const field = fieldOf.get(tag);
    if (tag === 'PackageName') {
      element = { name: value, externalRefs: [] };
      packages.push(element);
    } else if (otherElements.has(tag)) element = {};
    else if (tag === 'Created') creationInfo['created'] = value;
    else if (tag === 'Relationship') relationships.push(relationshipOf(value));
    else if (tag === 'ExternalRef') addReference(element, value);
    else if (field !== undefined) element[field] ??= value;
  }
  return document;
};

/** What begins an element that is no package. */
const otherElements: ReadonlySet<string> = new Set(['FileName', 'SnippetSPDXID', 'LicenseID']);

const fieldOf: ReadonlyMap<string, string> = new Map([
  ['SPDXVersion', 'spdxVersion'],
  ['DocumentName', 'name'],
  ['SPDXID', 'SPDXID'],
  ['PackageVersion', 'versionInfo'],
  ['PackageSourceInfo', 'sourceInfo'],
  ['PackageLicenseDeclared', 'licenseDeclared'],
  ['PrimaryPackagePurpose', 'primaryPackagePurpose'],
]);

function* tagsOf(text: string): Generator<readonly [tag: string, value: string]> {
  let start = 0;
  let isClosing = true;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    let end = newline < 0 ? text.length : newline;
    const [, tag, first = ''] = /^\s*([A-Za-z]+)\s*:(.*)$/s.exec(text.slice(start, end)) ?? [];
    let value = first.trim();
    if (tag !== undefined && value.startsWith('<text>')) {
      const opening = text.indexOf('<text>', start) + '<text>'.length;
      const closing: number = isClosing ? text.indexOf('</text>', opening) : -1;
      isClosing = closing >= 0;
      // Text that nobody closes is its first line: what follows may still be read.
      if (closing >= 0) {
        const lineEnd = text.indexOf('\n', closing);
        end = lineEnd < 0 ? text.length : lineEnd;
      }
      value = text.slice(opening, closing < 0 ? end : closing).trim();
    }
    if (tag !== undefined) yield [tag, value];
    start = end + 1;
  }
}

const relationshipOf = (value: string): Fields => {
  const [spdxElementId = '', relationshipType = '', relatedSpdxElement = ''] = value.split(/\s+/, 3);
  return { spdxElementId, relationshipType, relatedSpdxElement };
};

/** `PACKAGE-MANAGER purl pkg:npm/left-pad@1.3.0` */
const addReference = (element: Fields, value: string): void => {
  const [, referenceType = '', referenceLocator = ''] = value.split(/\s+/, 3);
  if (Array.isArray(element['externalRefs'])) element['externalRefs'].push({ referenceType, referenceLocator });
};
