import type { ReactNode } from 'react';
import { useDocumentTitle } from '../../components/page.tsx';
import styles from './sign-in.module.css';

type FrameProps = { readonly title: string; readonly lead?: ReactNode; readonly children?: ReactNode };

/** The plain page around everything that happens before someone is signed in. */
export const Frame = ({ title, lead, children }: FrameProps) => {
  useDocumentTitle(title);
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.brand}>
          <svg width="22" height="22" viewBox="0 0 18 18" aria-hidden>
            <path d="M1 16V6.5h3V9h3V6.5h4V9h3V6.5h3V16z" fill="currentColor" />
          </svg>
          Parapet
        </div>
        <h1>{title}</h1>
        {lead === undefined ? null : <p className={styles.lead}>{lead}</p>}
        {children}
      </div>
    </main>
  );
};
