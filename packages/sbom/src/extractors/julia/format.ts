import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, listOf, textField } from '../fields.ts';

/** Julia looks for `JuliaManifest.toml` too, and since 1.11 for one of its own version; packages in a depot have projects of their own. */
export const isOfJulia = (path: string): boolean =>
  /\/(?:Julia)?(?:Manifest(?:-v[\d.]+)?|Project)\.toml$/.test(path) && !path.includes('/.julia/packages/');

/**
 * The packages of a manifest (Pkg.jl, "Project.toml and Manifest.toml"): since format 2 below `deps`, before at the top. Parts of
 * Julia itself have no tree and, before 1.11, no version; those that are not downloaded are left out.
 */
export const parseManifest = (document: Fields): FoundPackage[] => {
  const isFirstFormat = fieldOf(document, 'manifest_format') === undefined;
  const deps = isFirstFormat ? document : fieldsOf(fieldOf(document, 'deps'));
  return Object.entries(deps).flatMap(([name, entries]) =>
    listOf(entries).flatMap((entry): FoundPackage[] => {
      const version = textField(entry, 'version');
      const uuid = textField(entry, 'uuid');
      if (version === undefined || uuid === undefined || textField(entry, 'path') !== undefined) return [];
      return [{ name, version, qualifiers: { uuid } }];
    }),
  );
};

/** What a project asks for. The version is what its compatibility says, a range by other words. */
export const parseProject = (document: Fields): FoundPackage[] => {
  const compatibility = fieldOf(document, 'compat');
  const asked = (deps: unknown, more: Partial<FoundPackage>): FoundPackage[] =>
    Object.entries(fieldsOf(deps)).flatMap(([name, uuid]): FoundPackage[] =>
      typeof uuid === 'string'
        ? [{ name, version: textField(compatibility, name) ?? '', qualifiers: { uuid }, evidence: 'declared', ...more }]
        : [],
    );
  return [
    ...asked(fieldOf(document, 'deps'), { isDirect: true }),
    ...asked(fieldOf(document, 'weakdeps'), { isDirect: true, scope: 'optional' }),
    ...asked(fieldOf(document, 'extras'), { isDirect: true, scope: 'test' }),
  ];
};
