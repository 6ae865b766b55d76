import { Dialog } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';
import styles from './modal.module.css';

type ModalProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly wide?: boolean;
  readonly children: ReactNode;
};

/** A dialog over the page. Its content is made anew each time it opens. */
export const Modal = ({ open, onOpenChange, title, description, wide = false, children }: ModalProps) => (
  <Dialog.Root open={open} onOpenChange={onOpenChange}>
    <Dialog.Portal>
      <Dialog.Backdrop className={styles.backdrop} />
      <Dialog.Popup className={`${styles.popup} ${wide ? styles.wide : ''}`}>
        <Dialog.Title className={styles.title}>{title}</Dialog.Title>
        {description === undefined ? null : (
          <Dialog.Description className={styles.description}>{description}</Dialog.Description>
        )}
        {children}
      </Dialog.Popup>
    </Dialog.Portal>
  </Dialog.Root>
);

export const ModalActions = ({ children }: { readonly children: ReactNode }) => (
  <div className={styles.actions}>{children}</div>
);
