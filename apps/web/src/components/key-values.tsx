import type { ReactNode } from 'react';
import { keyed } from '../lib/keyed.ts';
import styles from './key-values.module.css';

export type KeyValue = { readonly name: string; readonly value: ReactNode };

/** Names and values, one under the other. */
export const KeyValues = ({ items }: { readonly items: readonly KeyValue[] }) => (
  <dl className={styles.list}>
    {keyed(items, ({ name }) => name).map(([key, { name, value }]) => (
      <div key={key}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
