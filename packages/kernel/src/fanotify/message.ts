/** What the kernel tells of files, `linux/fanotify.h`; the numbers are the same on all processors. */
export const fileMasks = {
  attributes: 0x4,
  closeWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  overflow: 0x4000,
  /** Of children too, when a folder is marked. */
  onChild: 0x0800_0000,
  /** Both ends of a renaming at once, Linux 5.17. */
  rename: 0x1000_0000,
  /** The object is a folder. */
  onFolder: 0x4000_0000,
} as const;

/** A name in a marked folder; `folder` is the key that marking it gave. */
export type NamedPlace = { readonly folder: string; readonly name: string };

/** One event of the kernel. It merges what a process does with one file before it is read: then `mask` has several bits. */
export type FileNotice = {
  readonly mask: number;
  /** Thread group in our own pid namespace; 0 for one that is not in it. */
  readonly pid: number;
  /** The file, in a group that tells names. Absent of a renaming, which has `from` and `to`. */
  readonly at: NamedPlace | undefined;
  readonly from: NamedPlace | undefined;
  readonly to: NamedPlace | undefined;
  /** A descriptor of the file, in a group without names: whoever reads it closes it. */
  readonly fd: number | undefined;
};

/** `struct fanotify_event_metadata` and what follows it: lengths are the kernel's, and are checked all the same. */
export const parseFileNotices = (bytes: Buffer): FileNotice[] => {
  const notices: FileNotice[] = [];
  for (let at = 0; at + metadataBytes <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < metadataBytes || at + length > bytes.length || bytes[at + 4] !== version) break;
    notices.push(parseOne(bytes.subarray(at, at + length)));
    at += length;
  }
  return notices;
};

/** As the kernel writes it into events, and name_to_handle_at(2) tells it: of one file system, and never used for another file. */
export const folderKey = (fileSystemId: Buffer, handle: Buffer): string =>
  fileSystemId.toString('latin1') + handle.toString('latin1');

const metadataBytes = 24;
const version = 3;
const noDescriptor = -1;
/** `FAN_EVENT_INFO_TYPE_…` */
const infoTypes = { at: 2, from: 10, to: 12 } as const;
const infoHeadBytes = 4;
const fileSystemIdBytes = 8;
/** `struct file_handle`: its length, its type, its bytes. */
const handleHeadBytes = 8;

const parseOne = (bytes: Buffer): FileNotice => {
  const fd = bytes.readInt32LE(16);
  const places: { at?: NamedPlace; from?: NamedPlace; to?: NamedPlace } = {};
  for (let at = bytes.readUInt16LE(6); at + infoHeadBytes <= bytes.length; ) {
    const type = bytes.readUInt8(at);
    const length = bytes.readUInt16LE(at + 2);
    if (length < infoHeadBytes || at + length > bytes.length) break;
    const place = parsePlace(bytes.subarray(at + infoHeadBytes, at + length));
    if (place !== undefined && type === infoTypes.at) places.at = place;
    if (place !== undefined && type === infoTypes.from) places.from = place;
    if (place !== undefined && type === infoTypes.to) places.to = place;
    at += length;
  }
  return {
    mask: bytes.readUInt32LE(8),
    pid: bytes.readInt32LE(20),
    at: places.at,
    from: places.from,
    to: places.to,
    fd: fd === noDescriptor ? undefined : fd,
  };
};

const parsePlace = (bytes: Buffer): NamedPlace | undefined => {
  const handleAt = fileSystemIdBytes;
  if (bytes.length < handleAt + handleHeadBytes) return undefined;
  const nameAt = handleAt + handleHeadBytes + bytes.readUInt32LE(handleAt);
  if (nameAt > bytes.length) return undefined;
  const name = bytes.subarray(nameAt);
  const end = name.indexOf(0);
  return {
    folder: folderKey(bytes.subarray(0, handleAt), bytes.subarray(handleAt, nameAt)),
    name: name.toString('utf8', 0, end === -1 ? name.length : end),
  };
};
