/** What is read of a file of users. */
export const passwdBytes = 1024 * 1024;
const maxUsers = 10_000;
const readEveryMs = 60_000;

/** Whether a file of users (passwd(5)) knows a name; it is read when that is asked, once a minute at most. */
export const createUsers = (readPasswd: () => string): ((name: string) => boolean) => {
  let names: ReadonlySet<string> = new Set();
  let readAt = Number.NEGATIVE_INFINITY;
  return (name) => {
    if (performance.now() - readAt > readEveryMs) {
      readAt = performance.now();
      names = new Set(
        readPasswd()
          .split('\n', maxUsers)
          .map((line) => line.slice(0, line.indexOf(':'))),
      );
    }
    return names.has(name);
  };
};
