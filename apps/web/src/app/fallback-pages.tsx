import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { AnyLink } from '../components/any-link.tsx';
import { buttonClass } from '../components/button.tsx';
import pageStyles from '../components/page.module.css';
import { Page } from '../components/page.tsx';
import { Failure, Skeleton } from '../components/states.tsx';
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

/** Within the frame, so that its search and pages are at hand. */
export const MissingPage = () => (
  <Page
    name="No such page"
    title="There is no such page"
    subline="The address may be old or mistyped. Press Ctrl-K to find an asset, a finding, a package or a page."
  >
    <AnyLink to="/" className={buttonClass()}>
      To the overview
    </AnyLink>
  </Page>
);

export const PendingPage = () => (
  <div className={pageStyles.page}>
    <Skeleton label="the page" lines={8} />
  </div>
);
