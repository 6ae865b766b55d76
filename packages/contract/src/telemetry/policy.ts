import { z } from 'zod';
import { type EventAction, eventActions } from './fields.ts';
import { compileGlob, countWildcards } from './glob.ts';

/**
 * What is recorded: rules in their order, the first that an event fits decides over it, and what none fits is recorded. So
 * without rules everything is, and a rule that cannot be judged (a container that its runtime has not told of yet) leaves
 * nothing out.
 */
export const policyLimits = {
  rules: 50,
  /** Of all rules as JSON, so that they fit into one frame whatever they say. */
  bytes: 32 * 1024,
  patterns: 30,
  wildcards: 8,
  /** Versions that are kept to look at and to go back to. */
  versions: 100,
} as const;

const pattern = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((text) => countWildcards(text) <= policyLimits.wildcards, `At most ${policyLimits.wildcards} wildcards.`);
const patterns = z.array(pattern).max(policyLimits.patterns).default([]);
const port = z.number().int().min(0).max(65_535);
const label = z.string().min(1).max(256);

/** A rule as a sensor gets it: what of it concerns the host is settled by the console, which knows hosts’ labels. */
const about = {
  /** Processes of the host itself, or of containers. */
  where: z.enum(['anywhere', 'host', 'containers']).default('anywhere'),
  /** By the name the container was made with, e.g. `registry.example/shop/*:2.*`. */
  images: patterns,
  /** Kubernetes namespaces. */
  namespaces: patterns,
  /** Labels of the container: each named one has one of the values. */
  labels: z.record(label, z.array(pattern).min(1).max(20)).default({}),
  /** Paths of the file that runs (`process.executable`). */
  programs: patterns,
  /** Paths of the file that the event is about. */
  paths: patterns,
  /** The other end of a connection: an address or a block. */
  addresses: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .max(policyLimits.patterns)
    .default([]),
  /** The server’s port. */
  ports: z
    .array(z.object({ from: port, to: port }).refine(({ from, to }) => from <= to, 'The first port is the lower one.'))
    .max(policyLimits.patterns)
    .default([]),
  /** The share of processes whose events are recorded: 1 all, 0 none. Events of one process stay together. */
  keep: z.number().min(0).max(1),
  /** Events a second and workload (container, or the host itself); what is more is lost, and counted. */
  perSecond: z.number().int().min(1).max(100_000).optional(),
};

export const TelemetryRule = z
  .object({
    name: z.string().trim().min(1).max(80),
    /** A rule that is off is kept and not asked. */
    on: z.boolean().default(true),
    actions: z.array(z.enum(eventActions)).min(1).max(64),
    /** Hosts whose labels have one of the values for each name; null for all. */
    hosts: z
      .record(label, z.array(z.string().max(1024)).min(1).max(20))
      .nullable()
      .default(null),
    ...about,
  })
  .refine((rule) => rule.where !== 'host' || !asksContainers(rule), {
    path: ['where'],
    message: 'Images, namespaces and labels are those of containers.',
  });
export type TelemetryRule = z.infer<typeof TelemetryRule>;

export const TelemetryRules = z
  .array(TelemetryRule)
  .max(policyLimits.rules)
  .refine((rules) => new TextEncoder().encode(JSON.stringify(rules)).length <= policyLimits.bytes, {
    message: `All rules together may take ${policyLimits.bytes / 1024} KiB.`,
  });
export type TelemetryRules = z.infer<typeof TelemetryRules>;

/** Actions are any text here: one that a newer console knows is passed over. */
export const HostRule = z.object({ name: z.string().max(80), actions: z.array(z.string().max(64)).max(64), ...about });
export type HostRule = z.infer<typeof HostRule>;
export const HostRules = z.array(HostRule).max(policyLimits.rules);

/** Whether a rule can be judged only by what the runtime says of a container. */
export const asksContainers = (rule: Pick<HostRule, 'images' | 'namespaces' | 'labels'>): boolean =>
  rule.images.length > 0 || rule.namespaces.length > 0 || Object.keys(rule.labels).length > 0;

type Condition = Omit<HostRule, 'name' | 'actions'> & Partial<Pick<TelemetryRule, 'hosts'>>;

/** Whether every event of its actions fits a rule. */
export const isForAll = (rule: Condition): boolean =>
  (rule.hosts ?? null) === null &&
  rule.where === 'anywhere' &&
  !asksContainers(rule) &&
  [rule.programs, rule.paths, rule.addresses, rule.ports].every((list) => list.length === 0);

/** Actions of which nothing is recorded whoever does them, so that nobody need watch for them. */
export const unwantedActions = (
  rules: readonly (Condition & { readonly actions: readonly string[] })[],
): readonly EventAction[] =>
  eventActions.filter((action) => {
    const mine = rules.filter(({ actions }) => actions.includes(action));
    const everything = mine.findIndex(isForAll);
    return everything !== -1 && mine.slice(0, everything + 1).every(({ keep }) => keep === 0);
  });

/** Actions of which rules leave out all, or some of: by a share, or of what a rule is about. Rates leave out nothing: what is beyond them is lost. */
export const leftOutActions = (
  rules: readonly (Condition & { readonly actions: readonly string[] })[],
): { readonly all: readonly EventAction[]; readonly some: readonly EventAction[] } => {
  const all = unwantedActions(rules);
  const some = eventActions.filter((action) => {
    const mine = rules.filter(({ actions }) => actions.includes(action));
    const everything = mine.findIndex(isForAll);
    const asked = everything === -1 ? mine : mine.slice(0, everything + 1);
    return !all.includes(action) && asked.some(({ keep }) => keep < 1);
  });
  return { all, some };
};

/** What a runtime says of a container. */
export type ContainerFacts = {
  readonly imageName: string;
  readonly labels: Readonly<Record<string, string>>;
};

const namespaceLabel = 'io.kubernetes.pod.namespace';

/** Whether a container fits what a rule says of images, namespaces and labels. */
export const compileContainerTest = ({
  images,
  namespaces,
  labels,
}: Pick<HostRule, 'images' | 'namespaces' | 'labels'>): ((facts: ContainerFacts) => boolean) => {
  const isImage = anyOf(images);
  const isNamespace = anyOf(namespaces);
  const wanted = Object.entries(labels).map(([name, values]) => [name, anyOf(values)] as const);
  const hasLabel = (facts: ContainerFacts, name: string, matches: (text: string) => boolean): boolean => {
    const value = Object.hasOwn(facts.labels, name) ? facts.labels[name] : undefined;
    return value !== undefined && matches(value);
  };
  return (facts) =>
    (images.length === 0 || isImage(facts.imageName)) &&
    (namespaces.length === 0 || hasLabel(facts, namespaceLabel, isNamespace)) &&
    wanted.every(([name, matches]) => hasLabel(facts, name, matches));
};

const anyOf = (names: readonly string[]): ((text: string) => boolean) => {
  const globs = names.map((name) => compileGlob(name, 'name'));
  return (text) => globs.some((matches) => matches(text));
};

/** What the digest of no rules is. */
export const noPolicy = 'default';
