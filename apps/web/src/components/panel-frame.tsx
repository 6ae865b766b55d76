import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { usePanel } from '../lib/view-state.ts';
import { AnyLink } from './any-link.tsx';
import { buttonClass, IconButton } from './button.tsx';
import styles from './panel-frame.module.css';

type PanelFrameProps = {
  /** What it is, e.g. `Container on build-02`. */
  readonly kind: ReactNode;
  readonly title: ReactNode;
  /** The page that shows the same in full. */
  readonly page?: string | undefined;
  readonly children: ReactNode;
};

/** The frame of everything in the drill-down panel. Takes the focus when what it shows changes; Esc closes it. */
export const PanelFrame = ({ kind, title, page, children }: PanelFrameProps) => {
  const { close } = usePanel();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <div className={styles.frame}>
      <header className={styles.head}>
        <div className={styles.kind}>
          <span>{kind}</span>
          <span className={styles.actions}>
            {page === undefined ? null : (
              <AnyLink to={page} className={buttonClass('quiet', true)}>
                Open page
              </AnyLink>
            )}
            <IconButton small label="Close (Esc)" icon={<X size={15} aria-hidden />} onClick={close} />
          </span>
        </div>
        <h1 ref={heading} tabIndex={-1} className={styles.title}>
          {title}
        </h1>
      </header>
      <div className={styles.body}>{children}</div>
    </div>
  );
};
