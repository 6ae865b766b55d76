import type { FindingSummary, RiskFactor } from '@parapet/contract/api';
import { classifyAddress } from '@parapet/core';
import { normalisePath, programOf } from './file-path.ts';
import { blindFactor, type Evidence, enumerate, factor } from './formula.ts';
import type { InboundEdge, ObservedListener, PackageUse, Workload } from './observation.ts';
import { usersOf } from './use.ts';

export type ExposureKind = FindingSummary['exposure'];
export type Exposure = { readonly kind: ExposureKind; readonly factor: RiskFactor };

/** What each observation is worth. `unknown` is the stated middle value for what we cannot see. */
export const exposureValues = {
  internet: 1,
  byHops: { 2: 0.8, 3: 0.65, 4: 0.55 },
  zones: 0.6,
  unknown: 0.5,
  ownNetwork: 0.45,
  published: 0.4,
  listening: 0.35,
  sameHost: 0.3,
  loopback: 0.2,
  nothingSeen: 0.15,
} as const;

/** A package that nothing runs can only be reached through something else on the workload. */
const notInUseShare = 0.5;

/**
 * How far the attack surface of a package reaches, from what was seen. With `use`, only the programs that use the package
 * count; without it, the workload as a whole.
 */
export const exposureOf = (workload: Workload, use?: PackageUse): Exposure => {
  if (use === undefined) return ofPrograms(workload, undefined);
  const programs = new Set(usersOf(use).map((process) => normalisePath(process.executable)));
  return ofPrograms(workload, programs);
};

/** Of a package that we can tell is not in use on a workload whose processes we see. */
export const exposureWhenNotInUse = (workload: Workload): Exposure => {
  const whole = exposureOf(workload);
  if (whole.kind === 'unknown') return whole;
  const value = Math.max(exposureValues.nothingSeen, whole.factor.value * notInUseShare);
  const reason = `Nothing that runs here uses it; ${lowerFirst(whole.factor.reason)}`;
  return { kind: 'none-seen', factor: factor(value, reason, whole.factor.evidence) };
};

const ofPrograms = (workload: Workload, programs: ReadonlySet<string> | undefined): Exposure => {
  const concerns = (executable: string | null): boolean =>
    programs === undefined || executable === null || executable === '' || programs.has(normalisePath(executable));
  const inbound = workload.inbound.filter((edge) => concerns(edge.executable));
  const listeners = workload.listeners.filter((listener) => concerns(listener.executable));
  const best = strongest([
    fromInternet(workload, inbound),
    overHops(workload, inbound),
    fromPeers(workload, inbound, 'zones'),
    fromPeers(workload, inbound, 'own-network'),
    published(workload, listeners),
    listening(workload, listeners),
    fromPeers(workload, inbound, 'same-host'),
  ]);
  if (workload.blind.connections !== undefined && (best?.factor.value ?? 0) < exposureValues.unknown) {
    const reason = `Connections cannot be seen here: ${workload.blind.connections}`;
    return { kind: 'unknown', factor: blindFactor(exposureValues.unknown, reason, best?.factor.evidence) };
  }
  return best ?? nothingSeen(workload, programs !== undefined);
};

const strongest = (candidates: readonly (Exposure | undefined)[]): Exposure | undefined =>
  candidates.reduce(
    (best, candidate) => (candidate && candidate.factor.value > (best?.factor.value ?? 0) ? candidate : best),
    undefined,
  );

const fromInternet = (workload: Workload, inbound: readonly InboundEdge[]): Exposure | undefined => {
  const edges = inbound.filter((edge) => edge.from === 'internet');
  if (edges.length === 0) return undefined;
  const addresses = Math.max(...edges.map((edge) => edge.addressCount ?? 1));
  const by = programsOf(edges);
  const reason = `${by === '' ? workload.name : `${by} on ${workload.name}`} was reached from the Internet, on ${portsOf(edges)}, by ${addressesOf(addresses)}`;
  return { kind: 'internet', factor: factor(exposureValues.internet, reason, edges.map(edgeEvidence)) };
};

const overHops = (workload: Workload, inbound: readonly InboundEdge[]): Exposure | undefined => {
  const path = workload.internetPath;
  if (path === undefined || path.hops < 2 || path.hops > 4) return undefined;
  const last = inbound.find((edge) => edge.protocol === path.protocol && edge.port === path.port);
  if (last === undefined) return undefined;
  const value = exposureValues.byHops[path.hops as 2 | 3 | 4];
  const route = ['Internet', ...path.through.map((step) => step.name), workload.name].join(' → ');
  const kind = last.from === 'zones' ? 'zones' : 'own-network';
  return {
    kind,
    factor: factor(value, `The Internet reaches it in ${path.hops} hops: ${route}`, [
      { kind: 'path', text: `${route} on ${path.protocol}/${path.port}`, ref: workload.assetId },
      edgeEvidence(last),
    ]),
  };
};

const peerWords = {
  zones: 'other network zones',
  'own-network': 'its own network',
  'same-host': 'its own host',
} as const;
const peerValues = {
  zones: exposureValues.zones,
  'own-network': exposureValues.ownNetwork,
  'same-host': exposureValues.sameHost,
} as const;

const fromPeers = (
  workload: Workload,
  inbound: readonly InboundEdge[],
  from: keyof typeof peerWords,
): Exposure | undefined => {
  const edges = inbound.filter((edge) => edge.from === from);
  if (edges.length === 0) return undefined;
  const peers = enumerate(edges.map((edge) => edge.peer));
  const reason = `${workload.name} was reached from ${peerWords[from]}, on ${portsOf(edges)}, by ${peers}`;
  const kind = from === 'zones' ? 'zones' : 'own-network';
  return { kind, factor: factor(peerValues[from], reason, edges.map(edgeEvidence)) };
};

const published = (workload: Workload, listeners: readonly ObservedListener[]): Exposure | undefined => {
  const ports = workload.publishedPorts.filter(
    (port) =>
      isOpen(port.hostAddress) &&
      (listeners.length === 0 || listeners.some((listener) => listener.port === port.containerPort)),
  );
  const first = ports[0];
  if (first === undefined) return undefined;
  const text = `${first.protocol}/${first.hostPort} of the host leads to it; nobody was seen to use it`;
  return {
    kind: 'none-seen',
    factor: factor(exposureValues.published, `Published: ${text}`, [{ kind: 'listener', text }]),
  };
};

const listening = (workload: Workload, listeners: readonly ObservedListener[]): Exposure | undefined => {
  if (listeners.length === 0) return undefined;
  const open = listeners.filter((listener) => isOpen(listener.address));
  const shown = open.length > 0 ? open : listeners;
  const where = shown.map((listener) => `${listener.protocol}/${listener.port}`);
  const reason =
    open.length > 0
      ? `${workload.name} listens on ${enumerate(where)}; nobody was seen to connect`
      : `${workload.name} listens on ${enumerate(where)} for its own host only`;
  const value = open.length > 0 ? exposureValues.listening : exposureValues.loopback;
  return { kind: 'none-seen', factor: factor(value, reason, shown.map(listenerEvidence)) };
};

const nothingSeen = (workload: Workload, inUse: boolean): Exposure => ({
  kind: 'none-seen',
  factor: factor(
    exposureValues.nothingSeen,
    inUse
      ? `What uses it on ${workload.name} neither listens nor was connected to`
      : `${workload.name} neither listens nor was connected to`,
  ),
});

const isOpen = (address: string): boolean => classifyAddress(address) !== 'loopback';

const edgeEvidence = (edge: InboundEdge): Evidence => ({
  kind: 'edge',
  text:
    `${edge.peer} → ${edge.executable === '' ? '' : `${programOf(edge.executable)} `}${edge.protocol}/${edge.port}` +
    `${edge.addressCount === null ? '' : `, ${addressesOf(edge.addressCount)}`}`,
  ref: edge.ref,
});

const listenerEvidence = (listener: ObservedListener): Evidence => ({
  kind: 'listener',
  text: `${listener.executable === null ? 'something' : programOf(listener.executable)} listens on ${listener.address} ${listener.protocol}/${listener.port}`,
});

const programsOf = (edges: readonly InboundEdge[]): string =>
  enumerate(edges.filter((edge) => edge.executable !== '').map((edge) => programOf(edge.executable)));

const portsOf = (edges: readonly InboundEdge[]): string =>
  enumerate(edges.map((edge) => `${edge.protocol}/${edge.port}`));

/**
 * Counts come in steps, and times of day not at all: evidence is stored, and must not be written anew with every connection.
 */
const addressesOf = (count: number): string => {
  if (count === 1) return '1 address';
  const step = [10_000, 1_000, 100, 10].find((size) => count > size);
  return `${step === undefined ? String(count) : `over ${step.toLocaleString('en')}`} addresses`;
};

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
