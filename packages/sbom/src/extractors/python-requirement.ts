import type { FoundPackage } from './extractor.ts';
import { commitOf } from './repository-url.ts';

const name = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?';
const pattern = new RegExp(`^\\s*(${name})\\s*(?:\\[[^\\]]*\\])?\\s*(.*)$`, 's');
/** As PEP 440 has versions, with the wildcard of `==1.*`. */
const version = /^[A-Za-z0-9][A-Za-z0-9.!+_*-]*$/;

/**
 * A requirement by PEP 508: `name[extra]==1.0; marker`. A version that `==` demands is `locked`; of a range the bound that
 * belongs to it is told, and the package is only `declared`. `undefined` for what is no requirement.
 */
export const parseRequirement = (text: string): FoundPackage | undefined => {
  const [, found, rest = ''] = pattern.exec(text.split(';', 1)[0] ?? '') ?? [];
  if (found === undefined) return undefined;
  const url = /^@\s*(\S+)/.exec(rest)?.[1];
  if (url !== undefined)
    return { name: found, version: '', evidence: 'declared', ...commitOf(url.replace(/#.*$/, '')) };
  const specifiers = [...rest.replace(/^\(|\)$/g, '').matchAll(/(===|==|~=|>=|<=|!=|>|<)\s*([^\s,]*)/g)];
  if (specifiers.length === 0)
    return rest.trim() === '' ? { name: found, version: '', evidence: 'declared' } : undefined;
  const exact = specifiers.find(([, operator]) => operator === '==' || operator === '===');
  const bound = exact ?? specifiers.find(([, operator]) => operator === '>=' || operator === '~=' || operator === '<=');
  const stated = bound?.[2] ?? '';
  if (bound !== undefined && !version.test(stated)) return undefined;
  const isPinned = exact !== undefined && !stated.includes('*');
  return { name: found, version: stated.includes('*') ? '' : stated, evidence: isPinned ? 'locked' : 'declared' };
};
