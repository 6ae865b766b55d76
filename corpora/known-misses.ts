/** Cases that we answer differently on purpose, or not yet, each with its reason. */
export const knownMisses: readonly {
  readonly set: string;
  readonly part: string;
  readonly case: RegExp;
  readonly why: string;
}[] = [
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /dpkg\/statusfield$/,
    why: 'Packages that are unpacked or half installed have their files on disk, so they are reported; one case reports only installed ones, the other also removed ones whose configuration is left.',
  },
];
