import { architectureConstants } from './architecture.ts';
import { checked } from './kernel-error.ts';
import { addressOf, libc } from './libc.ts';

/**
 * Reads the names in an open folder by getdents64(2), until `onEntry` says that it is enough; whether it read them all. Nothing is
 * kept, whatever the folder's size. `mayBeFolder`: some file systems do not say without a look at the file itself. With `onOther` what
 * is no folder goes there, without its name, which costs most of the reading.
 */
export const readFolder = (
  folder: number,
  onEntry: (name: string, mayBeFolder: boolean) => boolean,
  onOther?: () => boolean,
): boolean => {
  const { getdents64 } = architectureConstants();
  for (;;) {
    const length = checked(
      'getdents64',
      libc().syscall(getdents64, folder, addressOf(entries), entries.length, 0, 0, 0),
    );
    if (length === 0) return true;
    for (let at = 0; at < length; at += entries.readUInt16LE(at + entry.length)) {
      const type = entries[at + entry.type];
      const mayBeFolder = type === types.folder || type === types.unknown;
      if (!mayBeFolder && onOther !== undefined) {
        if (!onOther()) return false;
        continue;
      }
      const end = entries.indexOf(0, at + entry.name);
      const name = entries.toString('utf8', at + entry.name, end);
      if (name !== '.' && name !== '..' && !onEntry(name, mayBeFolder)) return false;
    }
  }
};

/** `struct linux_dirent64` */
const entry = { length: 16, type: 18, name: 19 } as const;
const types = { unknown: 0, folder: 4 } as const;
/** One for all: it is read before anything else happens. */
const entries = Buffer.alloc(32 * 1024);
