import { noneHere } from '../wire/none-here.ts';

/** What a reader is told of one who sees for us, or lets go of what was seen. */
export type CollectorWords = {
  readonly name: string;
  /** What it is for. */
  readonly about: string;
  /** What a time without its sight means and what helps. */
  readonly whenBlind: string;
};

const restart = 'Starting the sensor again looks at everything anew.';

/** By the names that collectors have on the wire, and those under which sensor and console count what neither saw. */
export const collectorWords: Readonly<Record<string, CollectorWords>> = {
  accounts: {
    name: 'Users and jobs',
    about: 'Changes of users, groups, passwords, sudo rules, cron jobs and units, by comparing their files.',
    whenBlind: 'What was changed and changed back meanwhile is not known; what stayed changed was told afterwards.',
  },
  activity: {
    name: 'Programs',
    about:
      'What programs do as events: starts, ends, connections, datagrams, names asked for, changes of rights, kernel modules.',
    whenBlind:
      'What started and ended meanwhile is not among the events. A kernel with BTF, and fewer kinds of events in the telemetry policy, make it rarer.',
  },
  docker: {
    name: 'Docker',
    about: 'Containers and images of Docker, with their names, labels and states.',
    whenBlind:
      'Containers that came and went meanwhile may be missing. Look whether Docker ran and its socket was there.',
  },
  files: {
    name: 'Files',
    about: 'Changes of files that matter: configuration, programs, keys, jobs; their content by its hash.',
    whenBlind:
      'Changes of files meanwhile are not among the events. Watching fewer folders (PARAPET_WATCHED_PATHS) makes it rarer on busy hosts.',
  },
  host: {
    name: 'Host',
    about: 'The machine itself: system, addresses, cloud, package databases.',
    whenBlind: `What is said of the machine may be old. ${restart}`,
  },
  logins: {
    name: 'Logins',
    about: 'Who signs in and out, over what, who was refused, and what proves it.',
    whenBlind:
      'Logins meanwhile may be missing. What is left of the logs is on the host, or in the container that is named: look there (last, lastb, journalctl).',
  },
  network: {
    name: 'Connections',
    about: 'Who talks to whom, and which ports are open: the lines of the map.',
    whenBlind:
      'Short connections meanwhile may be missing on the map. Of new containers it is a moment, and none with our programs in the kernel (5.8 with BTF).',
  },
  process: {
    name: 'Processes',
    about: 'Which programs run now, in which container, as whom.',
    whenBlind: `Short-lived processes or their exit codes may be missing. ${restart}`,
  },
  stores: {
    name: 'containerd and Podman',
    about: 'Containers and images of containerd, Podman and CRI-O, read from their files without asking them.',
    whenBlind: 'Names and images of containers that came meanwhile may be missing.',
  },
  sensor: {
    name: 'The whole sensor',
    about: 'All of it: the sensor did not run, or could not be told apart from silence.',
    whenBlind:
      'Nothing was seen on this host. Where nobody stopped it, look in the host’s journal (out of memory, killed) and whether the host itself was down.',
  },
  limits: {
    name: 'Limits',
    about: 'How much memory and processor time the sensor allows itself.',
    whenBlind: '',
  },
  spool: {
    name: 'Store on the host',
    about: 'Events that wait on the host’s disk until the console has them.',
    whenBlind: 'The console was away for longer than there is room on the host: the oldest events were let go.',
  },
  console: {
    name: 'Console',
    about: 'What the console could not read or store of what a sensor sent.',
    whenBlind: 'Bring sensor and console to the same version.',
  },
  store: {
    name: 'Store of events',
    about: 'Events that the console had: past their time, let go to make room, or not in a backup.',
    whenBlind: 'Keep events for longer, or give them more room: Settings, Retention.',
  },
  policy: {
    name: 'Telemetry policy',
    about: 'What is not recorded on purpose.',
    whenBlind: 'Change the rules in Settings, Telemetry, if it is wanted.',
  },
};

const wordsOf = (collector: string): CollectorWords | undefined =>
  Object.hasOwn(collectorWords, collector) ? collectorWords[collector] : undefined;

/** One that is not known here, of a newer sensor, goes by its own name. */
export const collectorName = (collector: string): string => wordsOf(collector)?.name ?? collector;
export const collectorAbout = (collector: string): string => wordsOf(collector)?.about ?? '';
export const whenBlind = (collector: string): string => wordsOf(collector)?.whenBlind ?? '';

/** What a collector sees, by its state, in a word or two. */
export const sightWords = {
  running: 'sees',
  degraded: 'sees less',
  refused: 'cannot see',
  failed: 'failed',
} as const;

type Sight = { readonly state: keyof typeof sightWords; readonly source?: string };

/** Whether there is nothing on the host that a collector is for. */
export const isNoneHere = ({ state, source }: Sight): boolean => state === 'running' && source === noneHere;
export const sightWord = (sight: Sight): string => (isNoneHere(sight) ? noneHere : sightWords[sight.state]);

/** A collector and its sight, e.g. "Docker: cannot see". */
export const sightOf = ({ name, ...sight }: Sight & { readonly name: string }): string =>
  `${collectorName(name)}: ${sightWord(sight)}`;

type StageWords = {
  /** Where events were lost. */
  readonly where: string;
  readonly advice: string;
};

const inKernel: StageWords = {
  where: 'in the kernel, before the sensor read it',
  advice:
    'More happened at once than the sensor could read. If it repeats, give the sensor more processor time (PARAPET_CPU_LIMIT) or record less (Settings, Telemetry).',
};
const tooMany: StageWords = {
  where: 'in what the sensor keeps of a host',
  advice:
    'There was more of one kind on this host than is kept, often by a program that opens things without end. Look at its processes and connections.',
};
const read: StageWords = {
  where: 'while the sensor read it',
  advice: 'What was read made no sense or came too fast. If it repeats, look at the named source on the host.',
};

const stages: Readonly<Record<string, StageWords>> = {
  kernel: inKernel,
  ring: inKernel,
  reader: read,
  docker: read,
  filter: {
    where: 'at the sensor’s limit on events of one kind',
    advice: 'One source spoke too fast, for example many refused logins: what is counted here was more of the same.',
  },
  queue: {
    where: 'in the sensor’s queue',
    advice: 'More waited than is kept. It passes once the console answers again; if it repeats, record less.',
  },
  inventory: tooMany,
  containers: tooMany,
  flows: tooMany,
  connections: tooMany,
  edges: tooMany,
  listeners: tooMany,
  spool: {
    where: 'on the host’s disk, before it was sent',
    advice: 'The console was away for longer than there is room for on the host, or the host’s disk was full.',
  },
  wire: { where: 'on the way to the console', advice: 'Look at the network between this host and the console.' },
  ingest: {
    where: 'when the console read it',
    advice: 'The console did not understand it: bring sensor and console to the same version.',
  },
  store: {
    where: 'when the console stored it',
    advice: 'Look whether the console’s disk was full: Settings, Console.',
  },
};

const stageOf = (stage: string): StageWords | undefined => (Object.hasOwn(stages, stage) ? stages[stage] : undefined);

/** Where events can be lost, in plain words; a stage that is not known yet by its name. */
export const lossPlace = (stage: string): string => stageOf(stage)?.where ?? stage;
export const lossAdvice = (stage: string): string => stageOf(stage)?.advice ?? '';

/** Short words of sensor and console for why something was lost, spelled out; sentences of theirs as they are. */
export const lossCause = (cause: string): string => (Object.hasOwn(causes, cause) ? causes[cause] : undefined) ?? cause;

/** Why a hunt lacks events: counted losses as `stage: cause`, several after each other; sentences as they are. */
export const gapCause = (cause: string): string => {
  const losses = cause.split(', ').map((part) => part.split(': '));
  if (!losses.every(([stage = '', ...words]) => words.length > 0 && stageOf(stage) !== undefined)) return cause;
  return losses.map(([stage = '', ...words]) => `${lossCause(words.join(': '))}, ${lossPlace(stage)}`).join('; ');
};

const causes: Readonly<Record<string, string>> = {
  overflow: 'the kernel’s buffer was full',
  ring: 'the kernel’s buffer was full',
  'ring full': 'the kernel’s buffer was full',
  'probe busy': 'a program of ours in the kernel was busy',
  'process events dropped': 'the kernel dropped news of processes',
  'queue of file events full': 'the kernel’s queue of file changes was full',
  'rate limit': 'more at once than is told',
  unreadable: 'it could not be read',
  'unreadable-event': 'Docker said something that could not be read',
  unexplained: 'not accounted for',
  'arguments of a start': 'a program was over before its arguments were read',
  'nested-limit': 'too many containers inside containers',
  'ended-overflow': 'too many ends waited to be sent',
  'too-many': 'too many at once',
  'too-many-edges': 'too many connections',
  'too-many-peers': 'too many addresses on the other side',
  'too-many-listeners': 'too many open ports',
  'too large': 'larger than what is sent',
};
