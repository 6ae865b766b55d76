import type { MapView } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import { useDocumentTitle } from '../../components/page.tsx';
import { Empty, Failure } from '../../components/states.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatPanel } from '../../lib/panel-target.ts';
import { momentQuery, useMoment, usePanel } from '../../lib/view-state.ts';
import { Legend } from './legend.tsx';
import styles from './map.module.css';
import { MapFind } from './map-find.tsx';
import { MapStage, type StageHandle } from './map-stage.tsx';
import { type MapActions, type MapState, useMapActions, useMapState } from './map-state.ts';
import { MapTable } from './map-table.tsx';
import { ColourChoice, HopsChoice, MapHead, TableChoice, ZoomButtons } from './map-toolbar.tsx';
import { SelectionBar } from './selection-bar.tsx';
import type { Hit } from './stage/hit-test.ts';
import type { Scene } from './stage/scene.ts';
import { TimeStrip } from './time-strip.tsx';
import { useMapView, useScene, viewKeyOf } from './use-map-view.ts';

/** The map: what runs and who talks to whom, live or at any past moment, from the fleet down to a process. */
export const MapPage = () => {
  useDocumentTitle('Map');
  const state = useMapState();
  const actions = useMapActions();
  const moment = useMoment();
  const answer = useMapView(state, moment.at);
  const { scene, refresh, layOutAnew } = useScene(answer, viewKeyOf(state));
  const [canDraw, setCanDraw] = useState(true);
  const stage = useRef<StageHandle>(null);
  const route = useRoute(state, moment.at, answer.data);
  const choose = useChoose(scene, actions);
  const view = answer.data;
  const momentMs = Date.parse(view?.at ?? new Date().toISOString());
  const openNode = (id: string, beside: boolean): void => {
    const node = (scene?.node(id) ?? scene?.frame(id))?.node;
    if (node === undefined || (!node.opens && scene?.frame(id) === undefined)) return;
    actions.open(beside ? [...new Set([...state.open, id])].slice(-16) : [id]);
  };
  const asTable = state.table || !canDraw;
  return (
    <div className={styles.page}>
      <MapHead view={view} state={state} actions={actions} route={route.sentence}>
        <MapFind
          scene={scene}
          onHere={(id) => {
            choose({ kind: 'node', id });
            stage.current?.flyTo(id);
          }}
          onElsewhere={(id) => (id.startsWith('host:') ? actions.open([id]) : actions.focusOn(id))}
        />
        <HopsChoice state={state} actions={actions} />
        <ColourChoice state={state} actions={actions} />
        <TableChoice state={state} actions={actions} canDraw={canDraw} />
      </MapHead>
      {answer.isError && view === undefined ? (
        <div className={styles.message}>
          <Failure what="The map cannot be drawn" error={answer.error} retry={() => void answer.refetch()} />
        </div>
      ) : view === undefined || scene === undefined ? (
        <p className={styles.waiting} role="status">
          Reading the graph…
        </p>
      ) : view.nodes.length === 0 ? (
        <div className={styles.message}>
          <NothingHere past={!moment.live} state={state} actions={actions} />
        </div>
      ) : asTable ? (
        <MapTable
          view={view}
          onChoose={(id) => choose({ kind: 'node', id })}
          onOpen={(id) => openNode(id, false)}
          onEdge={(source, target) => choose({ kind: 'edge', id: `${source}>${target}` })}
        />
      ) : (
        <MapStage
          ref={stage}
          scene={scene}
          mode={state.colour}
          momentMs={momentMs}
          selected={state.selected}
          route={route.ids}
          camera={state.camera}
          onChoose={choose}
          onOpen={openNode}
          onUp={() => actions.open(state.focus !== undefined || state.route !== undefined ? state.open : upFrom(view))}
          onFocusOn={(id) => actions.focusOn(id)}
          onCamera={actions.keepCamera}
          onStale={refresh}
          onUnable={() => setCanDraw(false)}
        />
      )}
      {canDraw ? null : (
        <p className={styles.unable} role="status">
          This browser does not draw by WebGL2, so the map is shown as tables. Turn hardware acceleration on to see the
          picture.
        </p>
      )}
      {asTable || scene === undefined ? null : (
        <>
          <ZoomButtons
            onZoom={(factor) => stage.current?.zoomBy(factor)}
            onFit={() => stage.current?.fit()}
            onAnew={layOutAnew}
          />
          <Legend mode={state.colour} past={!moment.live} />
        </>
      )}
      <Selection scene={scene} state={state} actions={actions} onOpen={openNode} />
      {asTable ? null : <TimeStrip moment={moment} />}
    </div>
  );
};

/** A click selects; what has a page of its own opens in the panel where there is room for it. */
const useChoose = (scene: Scene | undefined, actions: MapActions) => {
  return (hit: Hit | undefined): void => {
    if (hit === undefined) {
      actions.select(undefined, { panel: undefined });
      return;
    }
    if (hit.kind === 'edge') {
      const [source = '', target = ''] = hit.id.split('>');
      actions.select(hit.id, { panel: formatPanel({ kind: 'edge', source, target }) });
      return;
    }
    const assetId = (scene?.node(hit.id) ?? scene?.frame(hit.id))?.node.assetId;
    const roomy = window.innerWidth >= 1240;
    actions.select(hit.id, {
      panel: roomy && assetId !== undefined ? formatPanel({ kind: 'asset', id: assetId }) : undefined,
    });
  };
};

type SelectionProps = {
  readonly scene: Scene | undefined;
  readonly state: MapState;
  readonly actions: MapActions;
  readonly onOpen: (id: string, beside: boolean) => void;
};

const Selection = ({ scene, state, actions, onOpen }: SelectionProps) => {
  const panel = usePanel();
  const { selected } = state;
  const node = selected === undefined ? undefined : (scene?.node(selected) ?? scene?.frame(selected))?.node;
  if (node === undefined) return null;
  const { assetId } = node;
  return (
    <SelectionBar
      node={node}
      focused={state.focus === node.id}
      onOpen={() => onOpen(node.id, false)}
      onFocus={() => actions.focusOn(node.id)}
      onRoute={assetId === undefined || state.route === assetId ? undefined : () => actions.drawRoute(assetId)}
      onDetails={
        assetId === undefined || panel.target !== undefined
          ? undefined
          : () => panel.open({ kind: 'asset', id: assetId })
      }
      onClose={() => actions.select(undefined, { panel: undefined })}
    />
  );
};

/** The nodes and edges of the ways from the Internet, and what they say in words. */
const useRoute = (
  state: MapState,
  at: string | undefined,
  view: MapView | undefined,
): { readonly ids: ReadonlySet<string>; readonly sentence: string | undefined } => {
  const moment = useMoment();
  const assetId = state.route ?? '00000000-0000-4000-8000-000000000000';
  const answer = useQuery({
    ...apiQuery('map.path', { query: { assetId, ...momentQuery(moment) } }),
    enabled: state.route !== undefined,
  });
  const paths = state.route === undefined ? undefined : answer.data?.paths;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another moment has other edges
  const ids = useMemo(() => routeIds(view, paths), [view, paths, at]);
  return { ids, sentence: paths === undefined ? undefined : routeSentence(paths) };
};

type Paths = readonly {
  readonly steps: readonly { readonly nodeId: string; readonly label: string; readonly port?: number | undefined }[];
}[];

const routeIds = (view: MapView | undefined, paths: Paths | undefined): ReadonlySet<string> => {
  if (view === undefined || paths === undefined || paths.length === 0) return new Set();
  // A host on the way may be drawn as its programs: what the view shows of a route is the route.
  return new Set([...view.nodes.map((node) => node.id), ...view.edges.map((edge) => edge.id)]);
};

const routeSentence = (paths: Paths): string => {
  const [first] = paths;
  if (first === undefined) return 'No way from the Internet to it was seen.';
  const way = first.steps
    .map((step) => (step.port === undefined ? step.label : `${step.label} :${step.port}`))
    .join(' → ');
  const hops = first.steps.length - 1;
  const more = paths.length > 1 ? ` There are ${paths.length} ways this short.` : '';
  return `${hops === 1 ? 'One hop' : `${hops} hops`}: ${way}.${more}`;
};

const upFrom = (view: MapView): readonly string[] => {
  const above = view.trail.at(-2);
  return above === undefined || above.id === 'fleet' ? [] : [above.id];
};

type NothingProps = { readonly past: boolean; readonly state: MapState; readonly actions: MapActions };

const NothingHere = ({ past, state, actions }: NothingProps) => {
  const narrowed = state.open.length > 0 || state.focus !== undefined || state.route !== undefined;
  if (narrowed) {
    return (
      <Empty
        title={state.route === undefined ? 'There was nothing here' : 'No way from the Internet was seen'}
        actions={
          <button type="button" className={buttonClass()} onClick={() => actions.open([])}>
            Show the fleet
          </button>
        }
      >
        {past
          ? 'At this moment nothing of what you opened was running.'
          : 'What you opened is gone, or nothing leads to it.'}
      </Empty>
    );
  }
  if (past) return <Empty title="Nothing was known at this moment">It lies before the first sensor reported.</Empty>;
  return (
    <Empty
      title="No host reports yet"
      actions={
        <AnyLink to="/sensors/add" className={buttonClass('primary')}>
          Add a host
        </AnyLink>
      }
    >
      The map draws itself once a sensor is connected: what runs, what listens and who talks to whom.
    </Empty>
  );
};
