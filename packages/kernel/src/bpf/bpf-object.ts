import { closeSync } from 'node:fs';

/** Something that the kernel keeps for as long as the descriptor is open; nothing is pinned, so all goes with the process. */
export type BpfObject = Disposable & { readonly fd: number; readonly close: () => void };

export const objectOf = (fd: number): BpfObject => {
  let open = true;
  const close = (): void => {
    if (open) closeSync(fd);
    open = false;
  };
  return { fd, close, [Symbol.dispose]: close };
};
