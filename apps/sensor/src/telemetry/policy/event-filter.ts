import { BlockList } from 'node:net';
import {
  asksContainers,
  type ContainerFacts,
  compileContainerTest,
  compileGlob,
  type EventAction,
  type HostRule,
  type TelemetryEvent,
  unwantedActions,
} from '@parapet/contract/telemetry';
import { createRateLimits, type RateLimits } from './rate-limits.ts';

/**
 * `unwanted`: left out on purpose. `limited`: more than a rule's rate, which is a loss. `later`: what its runtime says of the
 * container decides, and it has not spoken yet.
 */
export type Verdict = 'tell' | 'unwanted' | 'limited' | 'later';

/** Judges events by the rules of a policy; the first that an event fits decides, and what none fits is told. */
export type EventFilter = {
  /** `isLast`: there is no more time to wait, so rules about a container that is still unknown do not fit. */
  readonly judge: (event: TelemetryEvent, isLast: boolean) => Verdict;
  /** Actions of which nothing is told whoever does them. */
  readonly off: ReadonlySet<EventAction>;
  /** Whether nothing of an action is told of a container, whatever else its event says. False while that is not known yet. */
  readonly leavesOut: (action: EventAction, runtimeId: string) => boolean;
};

export type FilterSurroundings = {
  readonly containerOf: (runtimeId: string) => ContainerFacts | undefined;
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsedMs: () => number;
};

export const createEventFilter = (rules: readonly HostRule[], surroundings: FilterSurroundings): EventFilter => {
  const compiled = rules.map((rule) => compileRule(rule, surroundings));
  const byAction = new Map<string, CompiledRule[]>();
  for (const [index, { actions }] of rules.entries()) {
    const rule = compiled[index];
    if (rule === undefined) continue;
    for (const action of new Set(actions)) byAction.set(action, [...(byAction.get(action) ?? []), rule]);
  }
  return {
    off: new Set(unwantedActions(rules)),
    judge: (event, isLast) => {
      for (const rule of byAction.get(event['event.action']) ?? []) {
        const fits = rule.fits(event);
        if (fits === 'unknown' && !isLast) return 'later';
        if (fits === true) return rule.decide(event);
      }
      return 'tell';
    },
    leavesOut: (action, runtimeId) => {
      const event: TelemetryEvent = { '@timestamp': 0, 'event.action': action, 'container.id': runtimeId };
      for (const rule of byAction.get(action) ?? []) {
        // Of a rule about more than containers it depends on the event.
        const fits = rule.isAboutWorkloads ? rule.fits(event) : 'unknown';
        if (fits !== false) return fits === true && rule.keepsNone;
      }
      return false;
    },
  };
};

type CompiledRule = {
  readonly fits: (event: TelemetryEvent) => boolean | 'unknown';
  readonly decide: (event: TelemetryEvent) => Verdict;
  /** Nothing but whose an event is decides whether it fits. */
  readonly isAboutWorkloads: boolean;
  readonly keepsNone: boolean;
};

const compileRule = (rule: HostRule, { containerOf, elapsedMs }: FilterSurroundings): CompiledRule => {
  const tests = [
    ...(rule.where === 'anywhere' ? [] : [isWhere(rule.where)]),
    ...pathTest('process.executable', rule.programs),
    ...pathTest('file.path', rule.paths),
    ...(rule.ports.length === 0 ? [] : [hasPort(rule.ports)]),
    ...(rule.addresses.length === 0 ? [] : [hasPeer(rule.addresses)]),
  ];
  const fitsContainer = asksContainers(rule) ? compileContainerTest(rule) : undefined;
  const limits = rule.perSecond === undefined ? undefined : createRateLimits(rule.perSecond, elapsedMs);
  return {
    fits: (event) => {
      if (!tests.every((test) => test(event))) return false;
      if (fitsContainer === undefined) return true;
      const id = event['container.id'];
      if (id === undefined) return false;
      const facts = containerOf(id);
      return facts === undefined ? 'unknown' : fitsContainer(facts);
    },
    decide: (event) => decide(event, rule.keep, limits),
    isAboutWorkloads: [rule.programs, rule.paths, rule.ports, rule.addresses].every((list) => list.length === 0),
    keepsNone: rule.keep === 0,
  };
};

const decide = (event: TelemetryEvent, keep: number, limits: RateLimits | undefined): Verdict => {
  if (keep === 0 || (keep < 1 && shareOf(event) >= keep)) return 'unwanted';
  return limits === undefined || limits.take(event['container.id'] ?? '') ? 'tell' : 'limited';
};

type Test = (event: TelemetryEvent) => boolean;

const isWhere =
  (where: 'host' | 'containers'): Test =>
  (event) =>
    (event['container.id'] !== undefined) === (where === 'containers');

const pathTest = (field: 'process.executable' | 'file.path', patterns: readonly string[]): readonly Test[] => {
  if (patterns.length === 0) return [];
  const globs = patterns.map((pattern) => compileGlob(pattern, 'path'));
  return [
    (event) => {
      const path = event[field];
      return path !== undefined && globs.some((matches) => matches(path));
    },
  ];
};

const hasPort =
  (ports: HostRule['ports']): Test =>
  (event) => {
    const port = event['destination.port'];
    return port !== undefined && ports.some(({ from, to }) => from <= port && port <= to);
  };

/** The end that is not ours: whom it went to, or who came. */
const hasPeer = (addresses: readonly string[]): Test => {
  const list = new BlockList();
  for (const address of addresses) {
    const [base = '', bits] = address.split('/');
    const family = base.includes(':') ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(base, family);
    else list.addSubnet(base, Number(bits), family);
  }
  return (event) => {
    const peer = event['network.direction'] === 'ingress' ? event['source.ip'] : event['destination.ip'];
    return peer !== undefined && list.check(peer, peer.includes(':') ? 'ipv6' : 'ipv4');
  };
};

/** Where between 0 and 1 the process of an event lies: the same for all its events, so that a process is told whole or not at all. */
const shareOf = (event: TelemetryEvent): number => {
  const text = event['process.entity_id'] ?? `${event['source.ip']} ${event['source.port']} ${event['destination.ip']}`;
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  // The last characters reach the high bits too: ids of processes differ there.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
};
