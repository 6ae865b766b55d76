import { libc } from './libc.ts';

/** The value of an extended attribute, links followed; `undefined` when there is none, it may not be read, or it is longer than 256 bytes. */
export const readExtendedAttribute = (path: string, name: string): Buffer | undefined => {
  const value = Buffer.alloc(maxValueBytes);
  const length = libc().getxattr(path, name, value, value.length);
  return length < 0 ? undefined : value.subarray(0, length);
};

const maxValueBytes = 256;
