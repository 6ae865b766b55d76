/** Where toolchains are: `go`, `go1.22.3`, `go-1.22`, and those that the go command fetched itself. */
export const isOfToolchain = (path: string): boolean => /\/(?:go(?:-?1[\w.]*)?|toolchain@[^/]+)\/VERSION$/.test(path);

/** `go1.22.3`, followed by the time of the build. The module `toolchain` is how Go's advisories call it. */
export const parseVersionFile = (text: string): string | undefined =>
  /^go(\d+\.\d+[\w.]*)\s*$/m.exec(text.slice(0, 256))?.[1];
