import { Dialog } from '@base-ui/react/dialog';
import type { Facet } from '@parapet/contract/api';
import { ListFilter, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { formatCount } from '../lib/format.ts';
import { Button, buttonClass } from './button.tsx';
import styles from './facets.module.css';

type FacetChoice = Readonly<Record<string, readonly string[] | undefined>>;

type FacetsProps = {
  readonly facets: readonly Facet[];
  readonly chosen: FacetChoice;
  readonly onToggle: (facet: string, value: string) => void;
};

/** A list with its filters at the left, or behind a button where there is no room for them. */
export const FacetLayout = ({ children, ...facets }: FacetsProps & { readonly children: ReactNode }) => (
  <div className={styles.layout}>
    <aside className={styles.side} aria-label="Filters">
      <FacetList {...facets} />
    </aside>
    <div className={styles.content}>{children}</div>
  </div>
);

/** The button that opens the filters on narrow screens. */
export const FacetDrawer = (props: FacetsProps) => {
  const count = Object.values(props.chosen).reduce((sum, values) => sum + (values?.length ?? 0), 0);
  return (
    <Dialog.Root>
      <Dialog.Trigger className={`${buttonClass()} ${styles.opener}`}>
        <ListFilter size={14} aria-hidden />
        {count === 0 ? 'Filter' : `Filter, ${count} set`}
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.drawer}>
          <div className={styles.drawerHead}>
            <Dialog.Title>Filters</Dialog.Title>
            <Dialog.Close className={buttonClass('plain', true)}>Done</Dialog.Close>
          </div>
          <FacetList {...props} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
};

export type FilterChip = { readonly id: string; readonly text: string; readonly remove: () => void };

/** The filters that are set, each to be removed by a click. */
export const FilterChips = ({ chips, clear }: { readonly chips: readonly FilterChip[]; readonly clear: () => void }) =>
  chips.length === 0 ? null : (
    <div className={styles.chips}>
      {chips.map((chip) => (
        <button key={chip.id} type="button" className={styles.chip} onClick={chip.remove} title="Remove this filter">
          {chip.text}
          <X size={12} aria-hidden />
        </button>
      ))}
      <Button look="quiet" small onClick={clear}>
        Clear all
      </Button>
    </div>
  );

const FacetList = ({ facets, chosen, onToggle }: FacetsProps) => (
  <div className={styles.facets}>
    {facets.map((facet) => (
      <section key={facet.name} className={styles.facet} aria-label={facet.label}>
        <h2>{facet.label}</h2>
        {facet.values.map(({ value, label, count }) => (
          <button
            key={value}
            type="button"
            className={styles.value}
            aria-pressed={chosen[facet.name]?.includes(value) ?? false}
            data-zero={count === 0}
            onClick={() => onToggle(facet.name, value)}
          >
            <span className={styles.label}>{label}</span>
            <span className={styles.count}>{formatCount(count)}</span>
          </button>
        ))}
      </section>
    ))}
  </div>
);
