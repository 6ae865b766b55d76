import type { ReactNode } from 'react';
import styles from './key-values.module.css';

export type KeyValue = { readonly name: string; readonly value: ReactNode };

/** Names and values, one under the other. */
export const KeyValues = ({ items }: { readonly items: readonly KeyValue[] }) => (
  <dl className={styles.list}>
    {items.map(({ name, value }) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
