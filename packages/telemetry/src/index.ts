export { addressKey } from './language/address-range.ts';
export { type Hunt, type HuntError, huntLimits } from './language/hunt.ts';
export { parseHunt, suggestFields } from './language/parse.ts';
