import type { Assembler } from './assembler.ts';
import { helpers } from './constants.ts';

/** Steps of a program on the entry of an array map that is its own. */
export type MapEntry = {
  /** `r0 =` the address of the program's entry in this map; r1 and r2 hold nothing after it. */
  readonly lookUp: (mapFd: number) => void;
  /** Adds one to the number at `offset` of the entry: some programs can be interrupted by others of their kind. */
  readonly increment: (mapFd: number, offset: number) => void;
};

/**
 * @param place where the program keeps its `index` while it asks (4 bytes at `keySlot` from the end of its frame), and where it goes
 * when there is no such entry: never, but the verifier wants to see it.
 */
export const createMapEntry = (
  asm: Assembler,
  place: { readonly index: number; readonly keySlot: number; readonly missing: string },
): MapEntry => {
  const lookUp = (mapFd: number): void => {
    asm.store(4, 'r10', place.keySlot, place.index);
    asm.moveMap('r1', mapFd);
    asm.move('r2', 'r10');
    asm.alu('add', 'r2', place.keySlot);
    asm.call(helpers.mapLookupElement);
    asm.jumpIf('eq', 'r0', 0, place.missing);
  };
  return {
    lookUp,
    increment: (mapFd, offset) => {
      lookUp(mapFd);
      asm.move('r1', 1);
      asm.atomicAdd(8, 'r0', offset, 'r1');
    },
  };
};
