import type { MapNode } from '@parapet/contract/api';
import { Crosshair, Maximize2, PanelRight, Route, X } from 'lucide-react';
import { Button, IconButton } from '../../components/button.tsx';
import { kindName } from './describe-node.ts';
import styles from './map.module.css';
import { nameOf } from './render/labels.ts';

type SelectionBarProps = {
  readonly node: MapNode;
  readonly focused: boolean;
  readonly onOpen: () => void;
  readonly onFocus: () => void;
  readonly onRoute: (() => void) | undefined;
  readonly onDetails: (() => void) | undefined;
  readonly onClose: () => void;
};

/** What can be done with the chosen node. */
export const SelectionBar = ({ node, focused, onOpen, onFocus, onRoute, onDetails, onClose }: SelectionBarProps) => (
  <section className={styles.selection} aria-label="Chosen node">
    <div className={styles.selectionName}>
      <b title={node.label}>{nameOf(node)}</b>
      <span>{kindName(node)}</span>
    </div>
    {node.opens ? (
      <Button small onClick={onOpen}>
        <Maximize2 size={13} aria-hidden /> Open
      </Button>
    ) : null}
    {node.kind === 'internet' || focused ? null : (
      <Button small onClick={onFocus}>
        <Crosshair size={13} aria-hidden /> Neighbourhood
      </Button>
    )}
    {onRoute === undefined ? null : (
      <Button small onClick={onRoute}>
        <Route size={13} aria-hidden /> Path from the Internet
      </Button>
    )}
    {onDetails === undefined ? null : (
      <Button small look="primary" onClick={onDetails}>
        <PanelRight size={13} aria-hidden /> Details
      </Button>
    )}
    <IconButton label="Clear the choice" icon={<X size={14} aria-hidden />} onClick={onClose} />
  </section>
);
