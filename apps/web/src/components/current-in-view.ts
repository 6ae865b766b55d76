import { type RefObject, useEffect, useRef } from 'react';

/** For a line of links that is longer than a narrow page: brings the current one into view whenever another is. */
export const useCurrentInView = (current: string | undefined): RefObject<HTMLElement | null> => {
  const line = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another address is another current link
  useEffect(() => {
    line.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  return line;
};
