import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField } from '../fields.ts';

/**
 * The pins of a `Package.resolved`. Version 1 keeps them in `object` with a `repositoryURL`; 2 and 3 keep them at the top, with a
 * `location` and a `kind`. Pins of a folder on the same disk name nothing that others know.
 */
export const parseSwiftResolved = (document: Fields): FoundPackage[] =>
  listOf(fieldOf(document, 'pins') ?? fieldOf(fieldOf(document, 'object'), 'pins')).flatMap((pin): FoundPackage[] => {
    const name = nameOf(pin);
    if (name === undefined) return [];
    const state = fieldOf(pin, 'state');
    const commit = textField(state, 'revision');
    return [{ name, version: textField(state, 'version') ?? '', ...(commit === undefined ? {} : { commit }) }];
  });

/** As advisories name it: the address of the repository without scheme and ending; of a registry, its `scope.name`. */
const nameOf = (pin: unknown): string | undefined => {
  const kind = textField(pin, 'kind') ?? '';
  if (kind.startsWith('local') || kind === 'fileSystem') return undefined;
  if (kind === 'registry') return textField(pin, 'identity');
  const address = textField(pin, 'location') ?? textField(pin, 'repositoryURL') ?? '';
  const [, host = '', path = ''] =
    /^(?:[a-z+]{2,10}:\/\/)?(?:[^/@\s]{0,256}@)?([\w.-]{1,256}\.[a-z]{2,32})(?::\d{1,5})?[:/]([^\s?#]{1,1024})$/i.exec(
      address,
    ) ?? [];
  const repository = path.replace(/\/{1,8}$/, '').replace(/\.git$/, '');
  return host === '' || repository === '' ? undefined : `${host.toLowerCase()}/${repository}`;
};
