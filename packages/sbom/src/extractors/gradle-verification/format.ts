import type { FoundPackage } from '../extractor.ts';
import { childOf, childrenOf, parseXml } from '../xml.ts';

export const parseVerification = (text: string): FoundPackage[] =>
  childrenOf(childOf(parseXml(text, ['verification-metadata']), 'components'), 'component').map(({ attributes }) => ({
    name: `${attributes.group ?? ''}:${attributes.name ?? ''}`,
    version: attributes.version ?? '',
  }));
