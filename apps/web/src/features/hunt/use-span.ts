import { useCallback, useState } from 'react';
import { useMoment } from '../../lib/view-state.ts';
import { type HuntSearch, isFixed, type Span, spanOf } from './hunt-search.ts';

/** The span, standing still until one asks again: what is read must not move. */
export const useSpan = (search: HuntSearch): { readonly span: Span; readonly renew: () => void } => {
  const { at } = useMoment();
  // Another length of the span, or its end in a fixed one, looks anew.
  const length = `${search.last}|${isFixed(search)}`;
  const [anchor, setAnchor] = useState(() => ({ length, now: Date.now() }));
  if (anchor.length !== length) setAnchor({ length, now: Date.now() });
  const renew = useCallback(() => setAnchor((before) => ({ ...before, now: Date.now() })), []);
  return { span: spanOf(search, anchor.now, at), renew };
};
