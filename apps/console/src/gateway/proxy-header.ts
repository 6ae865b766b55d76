import { isIPv4, isIPv6 } from 'node:net';
import { normaliseAddress } from '@parapet/core';

/**
 * What a load balancer says at the beginning of a connection about who is behind it. `address` is absent when it speaks for
 * itself (health checks) or does not know: then its own address counts. `bytes` were read.
 */
export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'header'; readonly address: string | undefined; readonly bytes: number };

/** Of version 2 with its type-length-values; those of real balancers have some hundred bytes. */
const maxVersion2Bytes = 4096;

/** Reads a PROXY header of version 1 or 2 (haproxy's "The PROXY protocol", 2020/03/05, sections 2.1 and 2.2). Nothing is guessed. */
export const readProxyHeader = (data: Buffer): ProxyHeader => {
  const known = data.subarray(0, signature.length);
  if (known.equals(signature.subarray(0, known.length))) return readVersion2(data);
  const start = data.subarray(0, version1Start.length);
  return start.equals(version1Start.subarray(0, start.length)) ? readVersion1(data) : invalid;
};

const invalid = { kind: 'invalid' } as const;
const incomplete = { kind: 'incomplete' } as const;
const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const version1Start = Buffer.from('PROXY ');
/** With its line end. */
const maxVersion1Bytes = 107;

const readVersion1 = (data: Buffer): ProxyHeader => {
  const end = data.subarray(0, maxVersion1Bytes).indexOf('\r\n');
  if (end < 0) return data.length >= maxVersion1Bytes ? invalid : incomplete;
  const bytes = end + 2;
  const fields = data.toString('latin1', version1Start.length, end).split(' ');
  const [protocol, source, destination, sourcePort, destinationPort] = fields;
  // Whatever follows UNKNOWN must be ignored.
  if (protocol === 'UNKNOWN') return { kind: 'header', address: undefined, bytes };
  const isAddress = protocol === 'TCP4' ? isIPv4 : protocol === 'TCP6' ? isIPv6 : undefined;
  if (isAddress === undefined || fields.length !== 5 || source === undefined || destination === undefined)
    return invalid;
  // Node takes zones too, which mean nothing on another machine.
  if (fields.some((field) => field.includes('%'))) return invalid;
  if (!isAddress(source) || !isAddress(destination) || !isPort(sourcePort) || !isPort(destinationPort)) return invalid;
  return headerOf(source, bytes);
};

const isPort = (text: string | undefined): boolean =>
  text !== undefined && /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

const commands = { local: 0, proxy: 1 };
const fixedBytes = 16;

const readVersion2 = (data: Buffer): ProxyHeader => {
  if (data.length < fixedBytes) return incomplete;
  const version = data.readUInt8(12) >> 4;
  const command = data.readUInt8(12) & 0xf;
  const family = data.readUInt8(13) >> 4;
  const transport = data.readUInt8(13) & 0xf;
  const length = data.readUInt16BE(14);
  if (version !== 2 || length > maxVersion2Bytes || command > commands.proxy || family > 3 || transport > 2)
    return invalid;
  const bytes = fixedBytes + length;
  if (data.length < bytes) return incomplete;
  if (command === commands.local || family === 0 || transport === 0)
    return { kind: 'header', address: undefined, bytes };
  // Datagrams and unix sockets do not lead here.
  if (transport !== 1) return invalid;
  const block = data.subarray(fixedBytes, bytes);
  if (family === 1 && length >= 12) return headerOf(block.subarray(0, 4).join('.'), bytes);
  if (family === 2 && length >= 36)
    return headerOf((block.subarray(0, 16).toString('hex').match(/.{4}/g) ?? []).join(':'), bytes);
  return invalid;
};

const headerOf = (source: string, bytes: number): ProxyHeader => {
  const address = normaliseAddress(source);
  return address === undefined ? invalid : { kind: 'header', address, bytes };
};
