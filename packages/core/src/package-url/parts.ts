/** The parts of a package URL, decoded and in the form that its type asks for; https://github.com/package-url/purl-spec. */
export type PackageUrl = {
  readonly type: string;
  /** Segments joined by `/`; empty when there is none. */
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly qualifiers: Readonly<Record<string, string>>;
  readonly subpath: string;
};
