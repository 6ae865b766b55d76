import { socketNumbers } from '../constants.ts';
import { formatIpv4, formatIpv6 } from '../ip-address.ts';
import { eachAttribute, viewOf } from './message.ts';

/** Addresses of network devices as bytes (`linux/if_addr.h`, rtnetlink(7)). */
export const interfaceAddresses = {
  /** NETLINK_ROUTE. */
  protocol: 0,
  /** RTM_GETADDR, answered by RTM_NEWADDR. */
  requestType: 22,
  answerType: 20,
} as const;

export type InterfaceAddress = {
  readonly address: string;
  readonly prefixLength: number;
  readonly deviceIndex: number;
};

/** `struct ifaddrmsg` that asks for both families. */
export const encodeAddressRequest = (): Uint8Array => new Uint8Array(8);

export const decodeInterfaceAddress = (payload: Uint8Array): InterfaceAddress | undefined => {
  if (payload.length < 8) return undefined;
  const isIpv4 = payload[0] === socketNumbers.AF_INET;
  const length = isIpv4 ? 4 : 16;
  let address: string | undefined;
  eachAttribute(payload, 8, payload.length, (type, start, end) => {
    if (end - start !== length) return;
    // On a point-to-point link IFA_ADDRESS is the other end and IFA_LOCAL ours; elsewhere they are the same, or IFA_LOCAL is absent.
    if (type === attributes.LOCAL || (type === attributes.ADDRESS && address === undefined))
      address = isIpv4 ? formatIpv4(payload, start) : formatIpv6(payload, start);
  });
  return address === undefined
    ? undefined
    : { address, prefixLength: payload[1] ?? 0, deviceIndex: viewOf(payload).getUint32(4, true) };
};

const attributes = { ADDRESS: 1, LOCAL: 2 } as const;
