import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { buttonClass } from './button.tsx';
import styles from './toasts.module.css';

/** Holds the messages that confirm an act and offer to undo it. */
export const Toasts = ({ children }: { readonly children: ReactNode }) => (
  <Toast.Provider limit={4} timeout={6000}>
    {children}
    <Toast.Portal>
      <Toast.Viewport className={styles.viewport}>
        <ToastList />
      </Toast.Viewport>
    </Toast.Portal>
  </Toast.Provider>
);

export type Notify = {
  readonly done: (title: string, detail?: string) => void;
  readonly failed: (title: string, error: unknown) => void;
  /** Confirms an act and offers to take it back for fifteen seconds. */
  readonly undoable: (title: string, undo: () => void) => void;
};

export const useNotify = (): Notify => {
  const toasts = Toast.useToastManager();
  return {
    done: (title, description) => void toasts.add({ title, ...(description === undefined ? {} : { description }) }),
    failed: (title, error) =>
      void toasts.add({
        title,
        description: error instanceof Error ? error.message : 'The console did not say why.',
        type: 'error',
        priority: 'high',
        timeout: 10_000,
      }),
    undoable: (title, undo) => {
      const id = toasts.add({
        title,
        timeout: 15_000,
        actionProps: {
          children: 'Undo',
          onClick: () => {
            toasts.close(id);
            undo();
          },
        },
      });
    },
  };
};

const ToastList = () => {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={styles.toast} swipeDirection="right">
      <Toast.Content render={<div className={styles.text} />}>
        <Toast.Title />
        <Toast.Description />
      </Toast.Content>
      {toast.actionProps === undefined ? null : <Toast.Action className={buttonClass('plain', true)} />}
      <Toast.Close aria-label="Dismiss" className={buttonClass('quiet', true)}>
        <X size={14} aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ));
};
