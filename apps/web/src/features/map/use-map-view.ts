import type { InputOf, MapView } from '@parapet/contract/api';
import { keepPreviousData, type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { request } from '../../lib/api.ts';
import { layOutKeeping } from './layout/keep-positions.ts';
import { layOut } from './layout/layout.ts';
import { createPositionStore } from './layout/remembered.ts';
import type { MapState } from './map-state.ts';
import { buildScene, type Scene } from './stage/scene.ts';

/** The view that the URL asks for, kept on screen while the next one is fetched. An unchanged view is not sent again. */
export const useMapView = (state: MapState, at: string | undefined): UseQueryResult<MapView, Error> => {
  const client = useQueryClient();
  const query: NonNullable<InputOf<'map.view'>['query']> = {
    ...(state.open.length === 0 ? {} : { open: state.open }),
    ...(state.focus === undefined ? {} : { focus: state.focus, hops: state.hops }),
    ...(state.route === undefined ? {} : { route: state.route }),
    ...(at === undefined ? {} : { at }),
  };
  const queryKey = ['map.view', { query }];
  return useQuery<MapView, Error>({
    queryKey,
    queryFn: async ({ signal }) => {
      const known = client.getQueryData<MapView>(queryKey);
      const asked = known === undefined ? query : { ...query, known: known.version };
      const view = await request('map.view', { query: asked }, signal);
      return view.unchanged === true && known !== undefined ? known : view;
    },
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
};

/** Places are remembered per view, whatever the moment, so that going back in time moves nothing. */
export const viewKeyOf = (state: MapState): string =>
  [state.open.join(','), state.focus ?? '', state.focus === undefined ? '' : state.hops, state.route ?? ''].join('|');

const positions = createPositionStore(window.localStorage);

/** The picture of a view, and how to build it anew once ghosts are due to go or it is to be laid out afresh. */
export const useScene = (
  answer: UseQueryResult<MapView, Error>,
  asked: string,
): { readonly scene: Scene | undefined; readonly refresh: () => void; readonly layOutAnew: () => void } => {
  const before = useRef<Scene | undefined>(undefined);
  // While the next view is fetched the last one is shown, under its own name.
  const settled = useRef(asked);
  if (!answer.isPlaceholderData) settled.current = asked;
  const key = settled.current;
  const view = answer.data;
  const [stamp, setStamp] = useState(0);
  const scene = useMemo(() => {
    if (view === undefined) return undefined;
    const remembered = positions.load(key);
    const layout =
      remembered.size === 0 ? layOut(view.nodes, view.edges) : layOutKeeping(view.nodes, view.edges, remembered);
    // `stamp` asks for the same view once more.
    return stamp < 0 ? undefined : buildScene(key, view, layout, before.current, performance.now());
  }, [view, key, stamp]);
  useEffect(() => {
    before.current = scene;
    if (scene !== undefined) positions.save(key, new Map(scene.nodes.map((node) => [node.id, node.at])));
  }, [scene, key]);
  return {
    scene,
    refresh: () => setStamp((count) => count + 1),
    layOutAnew: () => {
      positions.forget(key);
      before.current = undefined;
      setStamp((count) => count + 1);
    },
  };
};
