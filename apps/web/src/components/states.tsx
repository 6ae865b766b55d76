import { ApiFailure } from '@parapet/contract/api';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import styles from './states.module.css';

type EmptyProps = { readonly title: string; readonly children?: ReactNode; readonly actions?: ReactNode };

/** A page or list with nothing in it: says why and what to do next. */
export const Empty = ({ title, children, actions }: EmptyProps) => (
  <div className={styles.state}>
    <h2>{title}</h2>
    {children === undefined ? null : <p>{children}</p>}
    {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
  </div>
);

type FailureProps = { readonly what: string; readonly error: unknown; readonly retry?: () => void };

/** A failed request: what was wanted, why it failed, what to do. */
export const Failure = ({ what, error, retry }: FailureProps) => (
  <div className={`${styles.state} ${styles.error}`} role="alert">
    <h2>{what}</h2>
    <p>
      {explain(error)}
      {isMissing(error) ? ' It may be over for longer than it is kept, or lie outside of what you may see.' : null}
    </p>
    {retry === undefined || isMissing(error) ? null : (
      <div className={styles.actions}>
        <Button small onClick={retry}>
          Try again
        </Button>
      </div>
    )}
  </div>
);

/** Asking again brings nothing then. */
const isMissing = (error: unknown): boolean => error instanceof ApiFailure && error.status === 404;

/** Grey lines in place of what is being fetched; what is awaited is said at once to screen readers, after a second to all. */
export const Skeleton = ({ label, lines = 6 }: { readonly label: string; readonly lines?: number }) => (
  <div className={styles.skeleton} role="status" aria-label={`Loading ${label}`}>
    {Array.from({ length: lines }, (_, index) => (
      <div key={boneKey(index)} className={styles.bone} style={{ width: `${90 - ((index * 37) % 45)}%` }} />
    ))}
    <p className={styles.awaited} aria-hidden>
      Loading {label}…
    </p>
  </div>
);

/** A sentence for people, with the request's number where the console is at fault. */
const explain = (error: unknown): string => {
  if (!(error instanceof ApiFailure)) {
    return 'The answer of the console could not be read. Reload the page: it may be of another version.';
  }
  if (error.status === 0) return 'The console does not answer. Check that it runs and that you are connected to it.';
  if (error.status === 403) return `${error.message} Ask an admin for a role that allows it.`;
  if (error.status >= 500) return `${error.message} The log names it as request ${error.requestId ?? 'unknown'}.`;
  return error.message;
};

/** An error under a form. */
export const InlineError = ({ error }: { readonly error: unknown }) =>
  error === null || error === undefined ? null : (
    <p role="alert" className={styles.inline}>
      {explain(error)}
    </p>
  );

const boneKey = (index: number): string => `bone-${index}`;
