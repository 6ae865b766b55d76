import { type Fields, fieldOf, isFields, listOf, textField } from '../fields.ts';

const modules = '/node_modules/';

/**
 * Whether a package's own manifest may lie at this path. Below `node_modules` that is only `<name>` and `@<scope>/<name>`, as
 * Node resolves them: what lies deeper are parts of a package, and often samples, broken ones among them.
 */
export const isPackageManifest = (path: string): boolean => {
  const at = path.lastIndexOf(modules);
  if (at < 0) return true;
  const parts = path.slice(at + modules.length).split('/');
  return parts.length === (parts[0]?.startsWith('@') === true ? 3 : 2);
};

export const isInModules = (path: string): boolean => path.includes(modules);

/** `license: "MIT"`, and older `license: { type }` and `licenses: [{ type }]`. */
export const licencesOf = (manifest: Fields): string[] => {
  const stated = [fieldOf(manifest, 'license'), ...listOf(fieldOf(manifest, 'licenses'))];
  return stated.flatMap((licence) => (typeof licence === 'string' ? licence : (textField(licence, 'type') ?? [])));
};

/** Extensions of editors and packages of Unity use the same file name, and names that say nothing about npm. */
export const isOfOtherKind = (manifest: Fields): boolean =>
  textField(fieldOf(manifest, 'engines'), 'vscode') !== undefined ||
  isFields(fieldOf(manifest, 'contributes')) ||
  textField(manifest, 'unity') !== undefined;
