import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField } from '../fields.ts';

/**
 * What Stack has completed beyond its snapshot: `hackage: name-1.2.3@sha256:…,size`, or an archive or repository with name and
 * version of their own. The packages of the snapshot stand in no file of the project.
 */
export const parseStackLock = (document: Fields): FoundPackage[] =>
  listOf(fieldOf(document, 'packages')).flatMap((entry): FoundPackage[] => {
    const completed = fieldOf(entry, 'completed');
    const [, hackageName, hackageVersion] =
      /^([A-Za-z0-9-]{1,256})-(\d+(?:\.\d+)*)(?=@|$)/.exec(textField(completed, 'hackage') ?? '') ?? [];
    const name = hackageName ?? textField(completed, 'name');
    if (name === undefined) return [];
    const commit = textField(completed, 'commit');
    return [
      {
        name,
        version: hackageVersion ?? textField(completed, 'version') ?? '',
        isDirect: true,
        ...(commit === undefined ? {} : { commit }),
      },
    ];
  });

const maxConstraints = 100_000;

/** The constraints of a freeze file that name one version: `any.text ==2.0.2,`; those of flags (`text +simdutf`) do not. */
export const parseFreeze = (text: string): FoundPackage[] =>
  text
    .replace(/^--.*$/gm, '')
    .split(/[,\n]/, maxConstraints)
    .flatMap((constraint): FoundPackage[] => {
      const [, name, version] =
        /^\s*(?:constraints:\s*)?(?:any\.)?([A-Za-z0-9-]{1,256})\s*==\s*(\d+(?:\.\d+)*)\s*$/.exec(
          constraint.slice(0, 1000),
        ) ?? [];
      return name === undefined || version === undefined ? [] : [{ name, version }];
    });
