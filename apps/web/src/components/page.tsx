import { type ReactNode, useEffect } from 'react';
import styles from './page.module.css';

type PageProps = {
  /** Shown in the browser's title. */
  readonly name: string;
  readonly title: ReactNode;
  readonly subline?: ReactNode;
  /** Buttons and choices at the right of the heading. */
  readonly tools?: ReactNode;
  /** Fills the height of the window; its content scrolls by itself. */
  readonly full?: boolean;
  readonly children: ReactNode;
};

/** A page with its heading: a sentence before a figure. */
export const Page = ({ name, title, subline, tools, full = false, children }: PageProps) => {
  useDocumentTitle(name);
  return (
    <div className={`${styles.page} ${full ? styles.full : ''}`}>
      <header className={styles.header}>
        <div>
          <h1>{title}</h1>
          {subline === undefined ? null : <p>{subline}</p>}
        </div>
        {tools === undefined ? null : <div className={styles.tools}>{tools}</div>}
      </header>
      {children}
    </div>
  );
};

type SectionProps = { readonly title: ReactNode; readonly children: ReactNode };

/** A titled part of a page or panel, parted by a line. */
export const Section = ({ title, children }: SectionProps) => (
  <section className={styles.section}>
    <h2>{title}</h2>
    {children}
  </section>
);

export const useDocumentTitle = (name: string): void => {
  useEffect(() => {
    document.title = name === '' ? 'Parapet' : `${name} · Parapet`;
  }, [name]);
};
