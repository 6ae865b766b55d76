/** A part of a program that has a name. */
export type Section = {
  readonly name: string;
  /** Where it lies in memory, once loaded. */
  readonly address: number;
  readonly offset: number;
  readonly sizeBytes: number;
};

/** A program as the loader sees it. */
export type Program = {
  readonly format: 'elf' | 'mach-o' | 'pe';
  readonly isBigEndian: boolean;
  /** Bytes of a pointer. */
  readonly pointerBytes: 4 | 8;
  readonly sections: readonly Section[];
};

/** Programs have dozens of sections; those built with one for each function, some ten thousand. */
export const maxSections = 65_536;
