import { classifyAddress } from '@parapet/core';
import type { Endpoint, TransportProtocol } from '@parapet/kernel';
import type { KnownProcess } from '../workload-directory.ts';
import type { AddressBook } from './address-book.ts';
import type { EdgeParts, PeerIdentity } from './edge-book.ts';
import { isLoopback } from './flow-table.ts';
import { findListener } from './namespace-view.ts';
import type { Namespaces } from './namespaces.ts';
import type { NamespaceView } from './network-view.ts';

/** A far end to be named. */
export type PeerQuestion = {
  /** Where the near end is. */
  readonly from: NamespaceView;
  readonly protocol: TransportProtocol;
  /** The far end after translation. */
  readonly endpoint: Endpoint;
  /** What the far end does; the port of a client tells nothing. */
  readonly role: 'server' | 'client';
  /** The host itself passed the connection on, so its addresses mean what they mean on the host. */
  readonly viaHost: boolean;
};

/** Names the far end of a connection; `undefined` for those that are no peer (multicast, nothing). */
export type PeerResolver = (question: PeerQuestion) => PeerIdentity | undefined;

export type PeerResolverDeps = {
  readonly namespaces: Pick<Namespaces, 'host' | 'ofContainer'>;
  readonly addresses: AddressBook;
};

/**
 * From the surest evidence to the weakest: an address of the same namespace, of a container that can be reached from there,
 * of the host, and at last only the class of the address. Addresses are never compared across namespaces that have no
 * network in common: two of them may use the same ones.
 */
export const createPeerResolver =
  ({ namespaces, addresses }: PeerResolverDeps): PeerResolver =>
  (question) => {
    const { from, endpoint } = question;
    if (isLoopback(endpoint.address) || from.addresses.has(endpoint.address)) return localPeer(question, from);
    const container = addresses.find(endpoint.address);
    if (container !== undefined && (question.viaHost || mayReach(from, container.networks, addresses))) {
      const view = namespaces.ofContainer(container.containerKey);
      return view === undefined
        ? { kind: 'local', containerKey: container.containerKey }
        : localPeer(question, view, container.containerKey);
    }
    const host = namespaces.host();
    if ((question.viaHost || isAttached(from)) && host.addresses.has(endpoint.address))
      return localPeer(question, host);
    return farPeer(question, addresses);
  };

/** The container a namespace stands for where nothing more is known; pods share one, and the first stands for them. */
export const defaultContainer = (view: NamespaceView): string | undefined => view.containerKeys[0];

/** What a listener's or connection's holder says of the workload; without a holder the namespace does. */
export const workloadOf = (
  view: NamespaceView,
  owner: KnownProcess | undefined,
): Pick<EdgeParts, 'containerKey' | 'executable' | 'process'> => ({
  containerKey: owner === undefined ? defaultContainer(view) : owner.containerKey,
  executable: owner?.executable === '' ? undefined : owner?.executable,
  process: owner,
});

/** Whether a runtime connected it to the host's network, as it does not with a namespace inside a container. */
const isAttached = (view: NamespaceView): boolean => !view.isHost && !view.isNested;

const mayReach = (from: NamespaceView, networks: ReadonlySet<string>, addresses: AddressBook): boolean => {
  if (from.isHost) return true;
  if (from.isNested) return false;
  return from.containerKeys.some((key) => !addresses.networksOf(key).isDisjointFrom(networks));
};

const localPeer = (
  question: PeerQuestion,
  view: NamespaceView,
  containerKey = defaultContainer(view),
): PeerIdentity => {
  const owner =
    question.role === 'server' ? findListener(view, question.protocol, question.endpoint)?.owner : undefined;
  const workload = owner === undefined ? { containerKey, executable: undefined } : workloadOf(view, owner);
  return { kind: 'local', containerKey: workload.containerKey, executable: workload.executable };
};

const farPeer = ({ from, endpoint }: PeerQuestion, addresses: AddressBook): PeerIdentity | undefined => {
  const { address } = endpoint;
  const among = from.isHost ? undefined : new Set(from.containerKeys.flatMap((key) => [...addresses.networksOf(key)]));
  const network = from.isNested ? undefined : addresses.networkAt(address, among);
  if (network !== undefined) return { kind: 'address', address, network };
  switch (classifyAddress(address)) {
    case 'internet':
      return { kind: 'internet', address };
    case 'private':
    case 'link-local':
      return { kind: 'address', address };
    default:
      return undefined;
  }
};
