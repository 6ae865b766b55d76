import ipaddr from 'ipaddr.js';

/**
 * Where an address leads, by the IANA IPv4 and IPv6 Special-Purpose Address Registries:
 * `internet` is what they call globally reachable, everything else stays inside some network.
 */
export type AddressClass = 'internet' | 'private' | 'loopback' | 'link-local' | 'multicast' | 'unspecified';

/** Blocks that are not globally reachable although ipaddr.js calls their range unicast or something of its own. */
const privateRanges: ReadonlySet<string> = new Set([
  'private',
  'uniqueLocal',
  'carrierGradeNat',
  'reserved',
  'benchmarking',
  'amt',
  'as112',
  'discard',
  'rfc6145',
  'orchid2',
  'deprecatedOrchid',
  'deprecatedSiteLocal',
  'droneRemoteIdProtocolEntityTags',
]);

/** The canonical text form: IPv4-mapped IPv6 addresses become IPv4, IPv6 is compressed, zones are cut. `undefined` for no address. */
export const normaliseAddress = (text: string): string | undefined => {
  return parseAddress(text)?.toString();
};

/** The class of a textual address; `undefined` when the text is no address. */
export const classifyAddress = (text: string): AddressClass | undefined => {
  const range = parseAddress(text)?.range();
  switch (range) {
    case undefined:
      return undefined;
    case 'loopback':
      return 'loopback';
    case 'linkLocal':
      return 'link-local';
    case 'multicast':
    case 'broadcast':
      return 'multicast';
    case 'unspecified':
      return 'unspecified';
    case 'rfc6052':
    case '6to4':
    case 'teredo':
      return 'internet';
    default:
      return privateRanges.has(range) ? 'private' : 'internet';
  }
};

/** Whether a textual address lies in a CIDR block, e.g. `10.1.2.3` in `10.0.0.0/8`. False for malformed input. */
export const isInBlock = (address: string, cidr: string): boolean => {
  const parsed = parseAddress(address);
  if (parsed === undefined || !ipaddr.isValidCIDR(cidr)) return false;
  const [base, bits] = ipaddr.parseCIDR(cidr);
  return parsed.kind() === base.kind() && parsed.match(base, bits);
};

/** Whether a text is an address or a CIDR block that `isInAnyBlock` understands. */
export const isBlock = (text: string): boolean =>
  text.includes('/')
    ? ipaddr.isValidCIDR(text) && parseAddress(text.split('/', 1)[0] ?? '') !== undefined
    : parseAddress(text) !== undefined;

/** Whether an address is one of those listed or lies in one of the blocks. False for malformed input. */
export const isInAnyBlock = (address: string, blocks: readonly string[]): boolean =>
  blocks.some((block) => (block.includes('/') ? isInBlock(address, block) : isSameAddress(address, block)));

const isSameAddress = (a: string, b: string): boolean => {
  const normalised = normaliseAddress(a);
  return normalised !== undefined && normalised === normaliseAddress(b);
};

/** Strict: of IPv4 only the form of four decimal numbers, although C libraries read others too. */
const parseAddress = (text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined => {
  const bare = text.split('%', 1)[0] ?? '';
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return undefined;
  return ipaddr.process(bare);
};
