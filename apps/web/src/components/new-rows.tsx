import { RefreshCw } from 'lucide-react';
import { formatCount } from '../lib/format.ts';
import type { SteadyRows } from '../lib/steady-rows.ts';
import styles from './new-rows.module.css';

/** "14 new" to click, instead of rows that move while they are read. */
export const NewRows = ({ steady }: { readonly steady: SteadyRows<unknown> }) => {
  const { arrived, left, settle } = steady;
  return (
    <div aria-live="polite" className={styles.place}>
      {arrived + left === 0 ? null : (
        <button type="button" className={styles.pill} onClick={settle}>
          <RefreshCw size={12} aria-hidden />
          {[arrived > 0 ? `${formatCount(arrived)} new` : '', left > 0 ? `${formatCount(left)} gone` : '']
            .filter(Boolean)
            .join(', ')}
          . Show
        </button>
      )}
    </div>
  );
};
