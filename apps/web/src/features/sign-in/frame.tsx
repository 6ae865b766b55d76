import type { ReactNode } from 'react';
import { Logo } from '../../components/logo.tsx';
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
          <Logo size={22} />
          Parapet
        </div>
        <h1>{title}</h1>
        {lead === undefined ? null : <p className={styles.lead}>{lead}</p>}
        {children}
      </div>
    </main>
  );
};
