import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { AnyLink } from '../components/any-link.tsx';
import { buttonClass } from '../components/button.tsx';
import pageStyles from '../components/page.module.css';
import { Empty, Failure, Skeleton } from '../components/states.tsx';
import { isTransient } from '../lib/query-client.ts';

/** Asks anew for what the page needs; by itself when the console could not be reached. */
export const ErrorPage = ({ error, reset }: ErrorComponentProps) => {
  const router = useRouter();
  useEffect(() => {
    if (!isTransient(error)) return;
    const timer = setTimeout(() => void router.invalidate(), tryAgainMs);
    return () => clearTimeout(timer);
  }, [error, router]);
  const retry = (): void => {
    reset();
    void router.invalidate();
  };
  return (
    <div className={pageStyles.page}>
      <h1 className="visually-hidden">This page could not be shown</h1>
      <Failure what="This page could not be shown" error={error} retry={retry} />
    </div>
  );
};

const tryAgainMs = 5000;

export const MissingPage = () => (
  <main className={pageStyles.page}>
    <h1 className="visually-hidden">No such page</h1>
    <Empty
      title="There is no such page"
      actions={
        <AnyLink to="/" className={buttonClass()}>
          To the overview
        </AnyLink>
      }
    >
      The address may be old or mistyped. Press Ctrl-K to find an asset, a finding, a package or a page.
    </Empty>
  </main>
);

export const PendingPage = () => (
  <div className={pageStyles.page}>
    <Skeleton label="the page" lines={8} />
  </div>
);
