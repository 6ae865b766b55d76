import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf } from '../fields.ts';

export const isDepsFile = (path: string): boolean => path.endsWith('.deps.json');

/** Keys `Name/1.0.0` of the libraries; also how the files of NuGet that restore a project name them. */
export const parseLibraries = (document: Fields): readonly (readonly [FoundPackage, unknown])[] =>
  Object.entries(fieldsOf(fieldOf(document, 'libraries'))).flatMap(([key, library]) => {
    const slash = key.lastIndexOf('/');
    return slash <= 0 ? [] : [[{ name: key.slice(0, slash), version: key.slice(slash + 1) }, library] as const];
  });
