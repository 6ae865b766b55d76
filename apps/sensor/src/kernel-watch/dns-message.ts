import { formatIpv4, formatIpv6 } from '@parapet/kernel';

/** What a DNS message (RFC 1035) asks or answers, as far as it is told. */
export type DnsMessage = {
  readonly id: number;
  readonly isResponse: boolean;
  /** NOERROR, NXDOMAIN, …; a number where it has no name here. */
  readonly responseCode: string;
  readonly question: { readonly name: string; readonly type: string };
  /** Of A and AAAA records in the answer, at most 64. */
  readonly addresses: readonly string[];
};

/** `undefined` for what is no DNS message. A message that was cut is read as far as it goes. */
export const parseDnsMessage = (bytes: Uint8Array): DnsMessage | undefined => {
  if (bytes.length < headerBytes) return undefined;
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = message.readUInt16BE(2);
  // One question, as all resolvers ask; other operations than queries are none.
  if (message.readUInt16BE(4) !== 1 || ((flags >> 11) & 0xf) !== 0) return undefined;
  const asked = readName(message, headerBytes);
  if (asked === undefined || asked.end + 4 > message.length) return undefined;
  const isResponse = (flags & 0x8000) !== 0;
  return {
    id: message.readUInt16BE(0),
    isResponse,
    responseCode: responseCodes[flags & 0xf] ?? String(flags & 0xf),
    question: { name: asked.name, type: nameOfType(message.readUInt16BE(asked.end)) },
    addresses: isResponse ? readAddresses(message, asked.end + 4, message.readUInt16BE(6)) : [],
  };
};

const headerBytes = 12;
const responseCodes = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
];
const typeNames: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  10: 'NULL',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  41: 'OPT',
  43: 'DS',
  48: 'DNSKEY',
  64: 'SVCB',
  65: 'HTTPS',
  99: 'SPF',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
};
const nameOfType = (type: number): string => typeNames[type] ?? `TYPE${type}`;

/** RFC 1035: 255 bytes, and so at most 127 labels; each pointer leads backwards. */
const maxNameBytes = 255;
const maxRecords = 64;

/** The name at a place, and where what follows it begins. */
const readName = (message: Buffer, from: number): { readonly name: string; readonly end: number } | undefined => {
  const labels: string[] = [];
  let at = from;
  let end: number | undefined;
  let lowest = from;
  let bytes = 0;
  for (;;) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) return { name: labels.join('.') || '.', end: end ?? at + 1 };
    if (length >= 0xc0) {
      const low = message[at + 1];
      if (low === undefined) return undefined;
      end ??= at + 2;
      at = ((length & 0x3f) << 8) | low;
      // Always further back, so that it ends.
      if (at >= lowest) return undefined;
      lowest = at;
      continue;
    }
    bytes += length + 1;
    if (length > 63 || bytes > maxNameBytes || at + 1 + length > message.length) return undefined;
    labels.push(printable(message.subarray(at + 1, at + 1 + length)));
    at += length + 1;
  }
};

/** Bytes that are no printable ASCII, and dots within a label, as RFC 4343 writes them: `\\ddd`. */
const printable = (label: Buffer): string => {
  let text = '';
  for (const byte of label)
    text +=
      byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\${String(byte).padStart(3, '0')}`;
  return text;
};

const readAddresses = (message: Buffer, from: number, records: number): readonly string[] => {
  const addresses: string[] = [];
  let at = from;
  for (let index = 0; index < Math.min(records, maxRecords); index += 1) {
    const owner = readName(message, at);
    if (owner === undefined || owner.end + 10 > message.length) break;
    const type = message.readUInt16BE(owner.end);
    const length = message.readUInt16BE(owner.end + 8);
    const data = owner.end + 10;
    if (data + length > message.length) break;
    if (type === 1 && length === 4) addresses.push(formatIpv4(message, data));
    if (type === 28 && length === 16) addresses.push(formatIpv6(message, data));
    at = data + length;
  }
  return addresses;
};
