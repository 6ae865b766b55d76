import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactElement, ReactNode } from 'react';
import styles from './hint.module.css';

type HintProps = {
  readonly text: ReactNode;
  /** One focusable element that takes props and a ref. */
  readonly children: ReactElement;
  readonly side?: 'top' | 'bottom' | 'left' | 'right';
};

/** A short explanation on hover and focus. */
export const Hint = ({ text, children, side = 'top' }: HintProps) => (
  <Tooltip.Root>
    <Tooltip.Trigger render={children as ReactElement<Record<string, unknown>>} />
    <Tooltip.Portal>
      <Tooltip.Positioner side={side} sideOffset={6} className={styles.positioner}>
        <Tooltip.Popup className={styles.popup}>{text}</Tooltip.Popup>
      </Tooltip.Positioner>
    </Tooltip.Portal>
  </Tooltip.Root>
);
