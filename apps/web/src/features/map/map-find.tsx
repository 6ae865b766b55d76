import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { type KeyboardEvent, useId, useState } from 'react';
import { apiQuery } from '../../lib/api.ts';
import { kindName } from './describe-node.ts';
import styles from './map.module.css';
import { nameOf } from './render/labels.ts';
import type { Scene } from './stage/scene.ts';

type Found = { readonly id: string; readonly title: string; readonly detail: string; readonly here: boolean };

type MapFindProps = {
  readonly scene: Scene | undefined;
  /** A node of this picture. */
  readonly onHere: (id: string) => void;
  /** A host or container that this picture does not show. */
  readonly onElsewhere: (nodeId: string) => void;
};

const maxFound = 8;

/** Finds a node by name and goes there: in this picture first, then anywhere. */
export const MapFind = ({ scene, onHere, onElsewhere }: MapFindProps) => {
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const list = useId();
  const wanted = text.trim();
  const found = useFound(scene, wanted);
  const choose = (item: Found | undefined): void => {
    if (item === undefined) return;
    setText('');
    (item.here ? onHere : onElsewhere)(item.id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setActive((index) => (index + step + Math.max(1, found.length)) % Math.max(1, found.length));
    } else if (event.key === 'Enter') choose(found[active]);
    else if (event.key === 'Escape' && text !== '') {
      event.preventDefault();
      setText('');
    }
  };
  const open = wanted !== '';
  return (
    <div className={styles.find}>
      <Search size={14} aria-hidden />
      <input
        type="text"
        role="combobox"
        placeholder="Find on the map"
        aria-label="Find on the map"
        aria-expanded={open}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={open && found[active] !== undefined ? `${list}-${active}` : undefined}
        value={text}
        maxLength={200}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={list} role="listbox" aria-label="Found on the map" hidden={!open}>
        {found.map((item, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the combobox keeps the focus
          // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox has the keys
          <div
            key={item.id}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === active}
            onPointerEnter={() => setActive(index)}
            onClick={() => choose(item)}
          >
            <b>{item.title}</b>
            <span>{item.detail}</span>
          </div>
        ))}
        {open && found.length === 0 ? (
          // biome-ignore lint/a11y/useFocusableInteractive: there is nothing to choose
          <div role="option" aria-selected={false} aria-disabled>
            <span>Nothing is called so</span>
          </div>
        ) : null}
      </div>
    </div>
  );
};

const useFound = (scene: Scene | undefined, wanted: string): readonly Found[] => {
  const answer = useQuery({
    ...apiQuery('search.all', { query: { q: wanted || ' ', limit: 20 } }),
    enabled: wanted.length >= 2,
  });
  if (wanted === '') return [];
  const lower = wanted.toLowerCase();
  const candidates = [...(scene?.nodes ?? []).filter((node) => node.leftAt === undefined), ...(scene?.frames ?? [])];
  const here = candidates
    .filter(
      ({ node }) => node.label.toLowerCase().includes(lower) || node.detail?.toLowerCase().includes(lower) === true,
    )
    .map(({ id, node }): Found => ({ id, title: nameOf(node), detail: kindName(node), here: true }));
  const known = new Set(candidates.map(({ id }) => id));
  const elsewhere = (answer.data?.items ?? []).flatMap((item): readonly Found[] => {
    const id = `${item.kind}:${item.id}`;
    if ((item.kind !== 'host' && item.kind !== 'container') || known.has(id)) return [];
    return [{ id, title: item.title, detail: item.detail, here: false }];
  });
  return [...here, ...elsewhere].slice(0, maxFound);
};
