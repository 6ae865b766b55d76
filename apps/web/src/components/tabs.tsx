import { AnyLink } from './any-link.tsx';
import { useCurrentInView } from './current-in-view.ts';
import styles from './tabs.module.css';

export type Tab = {
  readonly to: string;
  readonly label: string;
  readonly count?: string | undefined;
  readonly current: boolean;
};

/** Parts of a page, each with its own address. */
export const Tabs = ({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) => {
  const line = useCurrentInView(tabs.find(({ current }) => current)?.to);
  return (
    <nav ref={line} className={styles.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <AnyLink
          key={tab.to}
          to={tab.to}
          className={styles.tab}
          data-current={tab.current}
          aria-current={tab.current ? 'page' : undefined}
        >
          {tab.label}
          {tab.count === undefined ? null : <span className={styles.count}>{tab.count}</span>}
        </AnyLink>
      ))}
    </nav>
  );
};
