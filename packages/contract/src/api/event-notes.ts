import type { HuntEvent } from './hunt.ts';

/** What one should know of an event before one relies on it, in sentences. `isWarning`: it may not be what it says. */
export type EventNote = { readonly text: string; readonly isWarning: boolean };

/** What proves an event, what it does not say, and why something is missing of it. */
export const notesOf = (event: HuntEvent): readonly EventNote[] => [
  ...evidenceOf(event),
  ...(event['parapet.change.while_away'] === true
    ? [
        warning(
          'It was changed while no sensor looked. The time is what the file says, which whoever changed it can set; who did it is not known.',
        ),
      ]
    : []),
  ...changer(event['parapet.change.process']),
  ...absent('The content', event['parapet.file.hash_absent']),
  ...absent('The program', event['parapet.process.hash_absent']),
  ...(event['parapet.process.memfd'] === true ? [warning('The program ran from memory: it has no file.')] : []),
  ...(event['parapet.process.deleted'] === true ? [warning('The program runs from a file that was deleted.')] : []),
  ...(event['parapet.dns.cut'] === true
    ? [plain('The end of the answer was not read: there may be more addresses.')]
    : []),
];

const plain = (text: string): EventNote => ({ text, isWarning: false });
const warning = (text: string): EventNote => ({ text, isWarning: true });

/** What was found by comparing says how it is known who did it. */
const changer = (known: unknown): readonly EventNote[] => {
  if (known === 'file event')
    return [
      plain('Found by comparing. The process is the only one that changed the file, by the events of that file.'),
    ];
  if (known === 'several')
    return [
      plain('Found by comparing. Several processes changed the file since the last look: hunt for it by file.path.'),
    ];
  return [];
};

const evidenceOf = (event: HuntEvent): readonly EventNote[] => {
  switch (event['parapet.login.evidence']) {
    case 'record':
      return [plain('Taken from a record that only programs of the system may write.')];
    case 'journal':
      return [plain('Taken from the journal, which says itself that root’s program wrote it.')];
    case 'text':
      return [
        plain('Taken from a line of a log. Every user of the host can write such a line: it is a lead, not a proof.'),
      ];
    case 'container':
      return [
        plain(
          'Taken from a file of the container. Who is root in it can write there what he likes, and remove it: it is a lead, not a proof.',
        ),
      ];
    case 'forged':
      return [
        warning(
          'Forged: somebody else than the system wrote this line, as the journal says. Whether there was a login is not known.',
        ),
      ];
    default:
      return [];
  }
};

const absent = (whose: string, reason: unknown): readonly EventNote[] =>
  reason === undefined ? [] : [plain(`${whose} has no hash: ${reasons[String(reason)] ?? String(reason)}.`)];

const reasons: Readonly<Record<string, string>> = {
  gone: 'it was gone before it could be read',
  large: 'it is larger than what is read',
  busy: 'more changed at once than is read',
  changing: 'it was still being written to',
  late: 'it was not read in time',
};
