import type { ErrorComponentProps } from '@tanstack/react-router';
import { AnyLink } from '../components/any-link.tsx';
import { buttonClass } from '../components/button.tsx';
import pageStyles from '../components/page.module.css';
import { Empty, Failure, Skeleton } from '../components/states.tsx';

export const ErrorPage = ({ error, reset }: ErrorComponentProps) => (
  <div className={pageStyles.page}>
    <Failure what="This page could not be shown" error={error} retry={reset} />
  </div>
);

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
