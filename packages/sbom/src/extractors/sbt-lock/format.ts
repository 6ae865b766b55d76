import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField, textsOf } from '../fields.ts';

export const parseSbtLock = (lock: Fields): FoundPackage[] =>
  listOf(fieldOf(lock, 'dependencies')).flatMap((entry): FoundPackage[] => {
    const [group, name] = [textField(entry, 'org'), textField(entry, 'name')];
    if (group === undefined || name === undefined) return [];
    const configurations = textsOf(fieldOf(entry, 'configurations'));
    const isForTests = configurations.length > 0 && configurations.every((one) => one === 'test');
    return [
      {
        name: `${group}:${name}`,
        version: textField(entry, 'version') ?? '',
        ...(isForTests ? { scope: 'test' } : {}),
      },
    ];
  });
