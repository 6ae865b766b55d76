import { formatAbsolute, formatRelative } from '../lib/format.ts';
import { useNow } from '../lib/now.ts';

/** `3 d ago`, with the absolute moment on hover and for machines. */
export const Time = ({ at, className }: { readonly at: string; readonly className?: string | undefined }) => (
  <time dateTime={at} title={formatAbsolute(at)} className={className}>
    {formatRelative(at, useNow())}
  </time>
);
