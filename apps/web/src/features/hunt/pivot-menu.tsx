import { Popover } from '@base-ui/react/popover';
import { type FieldName, visibleText } from '@parapet/contract/api';
import { useLocation, useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useCallback, useState } from 'react';
import popover from '../../components/popover.module.css';
import text from '../../components/text.module.css';
import styles from './hunt.module.css';
import type { HuntSearch } from './hunt-search.ts';
import { comparisonOf, narrowed, type PivotValue } from './pivot.ts';

type Ask = (q: string, options?: { readonly alone?: boolean }) => void;

/** Hunts for something: on the hunt page beside what is asked there, from elsewhere anew. */
export const useAsk = (): Ask => {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { q = '' } = useSearch({ strict: false }) as HuntSearch;
  return useCallback(
    (comparison, { alone = false } = {}) => {
      const here = pathname === '/hunt';
      const search = (before: Record<string, unknown>): Record<string, unknown> => ({
        ...(here ? before : {}),
        q: alone || !here ? comparison : narrowed(q, comparison),
        view: undefined,
      });
      void navigate({ to: '/hunt', search: search as never });
    },
    [navigate, pathname, q],
  );
};

type Pivot = { readonly field: FieldName; readonly value: PivotValue; readonly anchor: Element };

/** One menu for all values of a page: what is clicked says which value it is about. */
export const usePivotMenu = (): { readonly open: (pivot: Pivot) => void; readonly menu: ReactNode } => {
  const [pivot, setPivot] = useState<Pivot>();
  const ask = useAsk();
  const choose = (q: string, alone: boolean): void => {
    setPivot(undefined);
    ask(q, { alone });
  };
  const show = pivot === undefined ? undefined : comparisonOf(pivot.field, pivot.value);
  const hide = pivot === undefined ? undefined : comparisonOf(pivot.field, pivot.value, true);
  const menu =
    pivot === undefined ? null : (
      <Popover.Root open onOpenChange={(open) => (open ? undefined : setPivot(undefined))}>
        <Popover.Portal>
          <Popover.Positioner anchor={pivot.anchor} sideOffset={4} align="start" className={popover.positioner}>
            <Popover.Popup className={popover.popup}>
              <Popover.Title className={`${popover.title} ${text.mono}`}>
                {pivot.field} = {visibleText(String(pivot.value)).slice(0, 120)}
              </Popover.Title>
              {show === undefined || hide === undefined ? (
                <p className={popover.title}>This value is too long to be hunted for.</p>
              ) : (
                <>
                  <button type="button" className={popover.item} onClick={() => choose(show, false)}>
                    Only this
                  </button>
                  <button type="button" className={popover.item} onClick={() => choose(hide, false)}>
                    All but this
                  </button>
                  <button type="button" className={popover.item} onClick={() => choose(show, true)}>
                    A new hunt for this
                  </button>
                </>
              )}
              <button
                type="button"
                className={popover.item}
                onClick={() => {
                  void navigator.clipboard.writeText(String(pivot.value));
                  setPivot(undefined);
                }}
              >
                Copy
              </button>
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
    );
  return { open: setPivot, menu };
};

type PivotTextProps = {
  readonly field: FieldName;
  readonly value: PivotValue;
  readonly onPivot: (pivot: Pivot) => void;
  /** Instead of the value itself. */
  readonly children?: ReactNode;
};

/** A value that can be hunted for. */
export const PivotText = ({ field, value, onPivot, children }: PivotTextProps) => (
  <button
    type="button"
    className={styles.value}
    aria-haspopup="dialog"
    onClick={(event) => onPivot({ field, value, anchor: event.currentTarget })}
  >
    {children ?? visibleText(String(value))}
  </button>
);
