/**
 * The fields of a telemetry event: one table for the wire, the store's columns, the hunt language and its completion.
 *
 * Names are those of the Elastic Common Schema, flat: analysts know them, detection rules are written in them, and a name is
 * a path of its own without a tree to agree on. What the schema has no name for is under `parapet.`.
 */
export type FieldType =
  /** Text that is compared as a whole; at most `maxTextLength` characters. */
  | 'keyword'
  | 'keywords'
  /** A whole number that JavaScript can hold exactly. */
  | 'number'
  | 'boolean'
  /** IPv4 or IPv6 in its shortest form. */
  | 'ip'
  | 'ips'
  /** Microseconds since the Unix epoch. */
  | 'time';

export type Field = { readonly type: FieldType; readonly about: string };

export const maxTextLength = 8192;
export const maxListLength = 512;

const field = <T extends FieldType>(type: T, about: string) => ({ type, about }) as const;

/** What every event has; set by the sensor. */
export const requiredFields = {
  '@timestamp': field('time', 'When it happened, by the host’s clock'),
  'event.action': field('keyword', 'What happened: exec, exit, connect, …'),
} as const;

/** What an event has when it is known. */
export const optionalFields = {
  'event.outcome': field('keyword', 'success or failure'),
  'event.duration': field('number', 'How long it took, in nanoseconds'),
  'parapet.source': field(
    'keyword',
    'What saw it: ebpf, fanotify, wtmp, auth log, journal, …; simulated where the host is invented',
  ),

  'process.pid': field('number', 'Process id in the host’s own namespace'),
  'process.entity_id': field('keyword', 'Identity of the process: pid and start'),
  'process.name': field('keyword', 'The process’s short name, chosen by itself: that of its first thread'),
  'process.executable': field('keyword', 'The file that runs'),
  'process.interpreter': field('keyword', 'What ran the script'),
  'process.args': field('keywords', 'Arguments, secrets masked'),
  'process.args_count': field('number', 'How many arguments there were'),
  'process.command_line': field('keyword', 'Arguments as one text, secrets masked'),
  'process.working_directory': field('keyword', 'Current folder'),
  'process.start': field('time', 'When the process started'),
  'process.exit_code': field('number', 'Exit code; 128 and more when a signal ended it'),
  'process.tty.name': field('keyword', 'Controlling terminal'),
  'process.hash.sha256': field('keyword', 'SHA-256 of the file that runs'),
  'parapet.process.hash_absent': field('keyword', 'Why there is no hash: late, large, gone, busy'),
  'process.thread.name': field('keyword', 'The thread that did it, where its name is another one than the process’s'),
  'process.thread.capabilities.effective': field('keywords', 'Effective capabilities'),
  'process.parent.pid': field('number', 'Parent’s process id'),
  'process.parent.entity_id': field('keyword', 'Identity of the parent'),
  'process.parent.name': field('keyword', 'Parent’s short name'),
  'process.parent.executable': field('keyword', 'The file that the parent runs'),
  'parapet.process.memfd': field('boolean', 'Runs from memory, without a file'),
  'parapet.process.deleted': field('boolean', 'Runs a file that was deleted'),
  'parapet.process.setuid': field('boolean', 'The file gives its owner’s or group’s rights'),

  'user.id': field('number', 'User the process runs as'),
  'user.name': field('keyword', 'Name of the user'),
  'user.effective.id': field('number', 'User whose rights it has'),
  'user.target.name': field('keyword', 'User that was changed, or whom a job runs as'),
  'user.target.id': field('number', 'Id of that user'),
  'group.name': field('keyword', 'Group that was changed'),
  'user.group.id': field('number', 'Group it runs as'),
  'parapet.namespace.net': field('number', 'Network namespace of the process, or of the connection, by its inode'),
  'parapet.namespace.mount': field('number', 'Mount namespace, by its inode'),
  'parapet.namespace.pid': field('number', 'Process namespace, by its inode'),
  'parapet.login.user.id': field('number', 'Who signed in, whatever the user became since'),
  'parapet.login.session': field('number', 'Login session'),
  'parapet.login.service': field('keyword', 'What let in or refused: sshd, sudo, su, login, …'),
  'parapet.login.method': field('keyword', 'How: password, publickey, …'),
  'parapet.login.key': field('keyword', 'Fingerprint of the key that let in'),
  'parapet.login.reason': field('keyword', 'Why it was refused'),
  'parapet.login.user.name': field('keyword', 'Who asked, before sudo or su made another user of them'),
  'parapet.login.evidence': field(
    'keyword',
    'What proves it: record, journal; text is a line that any user may write, forged one that the journal disproves, container what a container itself says',
  ),

  'container.id': field('keyword', 'Container, by its runtime’s id'),
  'container.name': field('keyword', 'Name of the container'),
  'container.image.name': field('keyword', 'Image the container was made from'),
  'container.image.hash': field('keyword', 'Digest of that image’s configuration'),
  'orchestrator.namespace': field('keyword', 'Kubernetes namespace'),
  'orchestrator.resource.name': field('keyword', 'Pod'),

  'file.path': field('keyword', 'The file'),
  'file.target_path': field('keyword', 'Where it went, or what a link points to'),
  'file.type': field('keyword', 'file, dir, symlink, …'),
  'file.mode': field('keyword', 'Permissions, octal'),
  'file.size': field('number', 'Size in bytes'),
  'file.inode': field('keyword', 'Inode'),
  'file.hash.sha256': field('keyword', 'SHA-256 after the change'),
  'parapet.file.previous.sha256': field('keyword', 'SHA-256 before the change'),
  'parapet.file.hash_absent': field('keyword', 'Why there is no hash: gone, large, busy, changing'),

  'network.transport': field('keyword', 'tcp, udp, …'),
  'network.direction': field('keyword', 'ingress or egress'),
  'source.domain': field('keyword', 'Name of who began it, chosen by whoever owns the address'),
  'source.ip': field('ip', 'Address of who began it'),
  'source.port': field('number', 'Port of who began it'),
  'source.bytes': field('number', 'Bytes from there'),
  'destination.ip': field('ip', 'Address it went to'),
  'destination.port': field('number', 'Port it went to'),
  'destination.bytes': field('number', 'Bytes from there'),
  'dns.question.name': field('keyword', 'Name that was asked for'),
  'dns.question.type': field('keyword', 'Kind of record that was asked for'),
  'dns.response_code': field('keyword', 'Answer: NOERROR, NXDOMAIN, …'),
  'dns.resolved_ip': field('ips', 'Addresses in the answer'),
  'parapet.dns.cut': field('boolean', 'The end of the answer was not read: there may be more addresses'),

  'parapet.change.type': field('keyword', 'added, removed or changed'),
  'parapet.change.subject': field(
    'keyword',
    'user, group, password, sudo rule, cron job, cron script, unit, unit link',
  ),
  'parapet.change.before': field('keyword', 'What it was, secrets masked'),
  'parapet.change.after': field('keyword', 'What it became, secrets masked'),
  'parapet.change.process': field(
    'keyword',
    'How it is known who did it: file event is the one process that changed the file; several, of which none is named',
  ),
  'parapet.change.while_away': field('boolean', 'It happened while no sensor looked'),

  'parapet.module.name': field('keyword', 'Kernel module'),
  'parapet.mount.source': field('keyword', 'What was mounted'),
  'parapet.mount.target': field('keyword', 'Where it was mounted'),
  'parapet.ptrace.target.pid': field('number', 'Process that was traced'),
  message: field('keyword', 'The line of a log it comes from'),
} as const;

/** What the console adds: a sensor speaks for its own host, so it never names one. */
export const consoleFields = {
  'host.id': field('keyword', 'Host, by its Parapet id'),
  'host.name': field('keyword', 'Name of the host'),
  'event.ingested': field('time', 'When the console stored it'),
  'event.sequence': field('number', 'Order on its host: grows with every event'),
} as const;

export const telemetryFields = { ...requiredFields, ...optionalFields, ...consoleFields } as const;
export type FieldName = keyof typeof telemetryFields;

/** Actions by the kind that policies, losses and searches speak of. */
export const eventKinds = {
  process: ['exec', 'exit'],
  privilege: ['privilege-change'],
  file: ['file-create', 'file-write', 'file-rename', 'file-delete', 'file-permission'],
  network: ['connect', 'accept', 'listen', 'flow', 'datagram'],
  dns: ['dns-query'],
  kernel: ['module-load', 'mount', 'ptrace'],
  container: ['container-start', 'container-stop', 'container-remove'],
  account: ['login', 'logout', 'user-change', 'cron-change'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type EventKind = keyof typeof eventKinds;
export const eventActions = Object.values(eventKinds).flat();
export type EventAction = (typeof eventKinds)[EventKind][number];

/**
 * Grows with every action that is added, and sensors tell it: a console that is newer says what they have never heard of. Those
 * who tell none are of the first.
 */
export const actionVocabulary = 2;
const addedIn: Readonly<Partial<Record<EventAction, number>>> = { datagram: 2 };

/** Actions of which a sensor of this vocabulary tells nothing, whatever a policy wants of it. */
export const unknownActions = (vocabulary = 1): readonly EventAction[] =>
  eventActions.filter((action) => (addedIn[action] ?? 1) > vocabulary);
