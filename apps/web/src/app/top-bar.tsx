import { Link } from '@tanstack/react-router';
import { Menu as MenuIcon, Search } from 'lucide-react';
import { IconButton } from '../components/button.tsx';
import { Hint } from '../components/hint.tsx';
import { Logo } from '../components/logo.tsx';
import { scopeWords } from '../lib/labels.ts';
import { useSession } from '../lib/session.ts';
import { PersonMenu } from './person-menu.tsx';
import { TimeControl } from './time-control.tsx';
import styles from './top-bar.module.css';
import { TrustSigns } from './trust-signs.tsx';

type TopBarProps = {
  readonly className?: string | undefined;
  readonly onSearch: () => void;
  readonly onRail: () => void;
};

export const TopBar = ({ className, onSearch, onRail }: TopBarProps) => (
  <header className={`${styles.bar} ${className ?? ''}`}>
    <IconButton
      className={styles.menuButton}
      label="Pages"
      icon={<MenuIcon size={18} aria-hidden />}
      onClick={onRail}
    />
    <Link to="/" className={styles.brand} aria-label="Parapet, to the overview">
      <Logo />
      <span className={styles.name}>Parapet</span>
    </Link>
    <button type="button" className={styles.search} onClick={onSearch} aria-keyshortcuts="Control+K">
      <Search size={14} aria-hidden />
      <span>Find an asset, package, finding, page</span>
      <kbd>Ctrl K</kbd>
    </button>
    <ScopeChip />
    <TimeControl />
    <div className={styles.space} />
    <TrustSigns />
    <PersonMenu />
  </header>
);

/** Shown only to people who see a part of the assets, so that they know that it is a part. */
const ScopeChip = () => {
  const { scope } = useSession().user;
  if (scope === null) return null;
  return (
    <Hint text={`You see only assets with ${scopeWords(scope)}.`} side="bottom">
      <button type="button" className={styles.chip}>
        Scope <b>{Object.values(scope).flat().join(', ')}</b>
      </button>
    </Hint>
  );
};
