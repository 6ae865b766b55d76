import type { MapView } from '@parapet/contract/api';
import { ChevronRight, Map as MapIcon, Minus, Plus, Scan, Shuffle, Table2 } from 'lucide-react';
import { IconButton } from '../../components/button.tsx';
import { ChoiceMenu } from '../../components/choice-menu.tsx';
import { formatCount, plural } from '../../lib/format.ts';
import { headlineOf } from './describe-node.ts';
import styles from './map.module.css';
import type { MapActions, MapState } from './map-state.ts';
import type { ColourMode } from './stage/paint.ts';

type MapHeadProps = {
  readonly view: MapView | undefined;
  readonly state: MapState;
  readonly actions: MapActions;
  /** The way from the Internet in words, where one is drawn. */
  readonly route: string | undefined;
  readonly children?: React.ReactNode;
};

/** Where one is, and what the picture says. */
export const MapHead = ({ view, state, actions, route, children }: MapHeadProps) => (
  <header className={styles.head}>
    <div className={styles.words}>
      <h1>{view === undefined ? 'Map' : headlineOf(view.nodes)}</h1>
      <nav aria-label="Where on the map" className={styles.trail}>
        {trailOf(view, state).map((step, index, all) => (
          <span key={step.id}>
            {index === 0 ? null : <ChevronRight size={12} aria-hidden />}
            {index === all.length - 1 ? (
              <span aria-current="location">{step.label}</span>
            ) : (
              <button type="button" onClick={() => actions.open(step.open)}>
                {step.label}
              </button>
            )}
          </span>
        ))}
        {view === undefined ? null : <span className={styles.behind}>{behindText(view)}</span>}
      </nav>
      {route === undefined ? null : (
        <p className={styles.route} role="status">
          {route}
        </p>
      )}
    </div>
    <div className={styles.tools}>{children}</div>
  </header>
);

type Step = { readonly id: string; readonly label: string; readonly open: readonly string[] };

const trailOf = (view: MapView | undefined, state: MapState): readonly Step[] => {
  const steps = (view?.trail ?? [{ id: 'fleet', label: 'Fleet' }]).map((step) => ({
    ...step,
    open: step.id === 'fleet' ? [] : [step.id],
  }));
  const nameFor = (id: string): string =>
    view?.nodes.find((node) => node.id === id || node.assetId === id)?.label ?? 'a node';
  if (state.route !== undefined)
    return [...steps, { id: 'route', label: `Path from the Internet to ${nameFor(state.route)}`, open: [] }];
  if (state.focus === undefined) return steps;
  const hops = state.hops === 1 ? '' : `, ${state.hops} hops`;
  return [...steps, { id: 'focus', label: `Around ${nameFor(state.focus)}${hops}`, open: [] }];
};

const behindText = (view: MapView): string => {
  const shown = `${plural(view.behind.nodes, 'node')} and ${plural(view.behind.edges, 'edge')} behind this view`;
  if (view.left === undefined) return shown;
  const parts = [
    view.left.nodes > 0 ? `${formatCount(view.left.nodes)} nodes` : '',
    view.left.edges > 0 ? `${formatCount(view.left.edges)} thinner edges` : '',
  ].filter((part) => part !== '');
  return `${shown}; ${parts.join(' and ')} not drawn`;
};

const colours = [
  { value: 'risk', label: 'risk' },
  { value: 'new', label: 'what is new' },
] as const satisfies readonly { value: ColourMode; label: string }[];

type ToolsProps = { readonly state: MapState; readonly actions: MapActions; readonly canDraw: boolean };

export const ColourChoice = ({ state, actions }: Omit<ToolsProps, 'canDraw'>) => (
  <ChoiceMenu label="Colour by" value={state.colour} options={colours} onChange={actions.setColour} />
);

export const TableChoice = ({ state, actions, canDraw }: ToolsProps) =>
  canDraw ? (
    <IconButton
      label={state.table ? 'Show the picture' : 'Show as tables'}
      look="plain"
      icon={state.table ? <MapIcon size={15} aria-hidden /> : <Table2 size={15} aria-hidden />}
      onClick={() => actions.setTable(!state.table)}
    />
  ) : null;

type HopsProps = { readonly state: MapState; readonly actions: MapActions };

const hopChoices = [1, 2, 3, 4].map((hops) => ({ value: String(hops), label: hops === 1 ? '1 hop' : `${hops} hops` }));

/** How far the shown neighbourhood reaches. */
export const HopsChoice = ({ state, actions }: HopsProps) =>
  state.focus === undefined ? null : (
    <ChoiceMenu
      label="Within"
      value={String(state.hops)}
      options={hopChoices}
      onChange={(hops) => actions.focusOn(state.focus, Number(hops))}
    />
  );

type ZoomProps = { readonly onZoom: (factor: number) => void; readonly onFit: () => void; readonly onAnew: () => void };

export const ZoomButtons = ({ onZoom, onFit, onAnew }: ZoomProps) => (
  <div className={styles.zoom}>
    <IconButton label="Zoom in (+)" look="plain" icon={<Plus size={15} aria-hidden />} onClick={() => onZoom(1.4)} />
    <IconButton
      label="Zoom out (-)"
      look="plain"
      icon={<Minus size={15} aria-hidden />}
      onClick={() => onZoom(1 / 1.4)}
    />
    <IconButton label="Show all (0)" look="plain" icon={<Scan size={15} aria-hidden />} onClick={onFit} />
    <IconButton label="Arrange anew" look="plain" icon={<Shuffle size={15} aria-hidden />} onClick={onAnew} />
  </div>
);
