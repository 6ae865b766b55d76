import { formatAbsolute, formatMoment, formatRelative } from '../lib/format.ts';
import { useNow } from '../lib/now.ts';

/** `3 d ago`, with the absolute moment on hover and for machines. */
export const Time = ({ at, className }: { readonly at: string; readonly className?: string | undefined }) => (
  <time dateTime={at} title={formatAbsolute(at)} className={className}>
    {formatRelative(at, useNow())}
  </time>
);

/** `since 09:12`, or `since 20 Nov, 09:12`: from when on something holds, with the absolute moment on hover. */
export const Since = ({ at }: { readonly at: string }) => (
  <span>
    since{' '}
    <time dateTime={at} title={formatAbsolute(at)}>
      {formatMoment(at, useNow())}
    </time>
  </span>
);
