import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useSetSearch } from '../../lib/view-state.ts';
import { type Camera, formatCamera, parseCamera } from './stage/camera.ts';
import type { ColourMode } from './stage/paint.ts';

/** What the map keeps in its URL, so that a view can be sent to a colleague. */
export type MapState = {
  /** Ids of what is open; the fleet when empty. */
  readonly open: readonly string[];
  readonly focus: string | undefined;
  readonly hops: number;
  /** The asset whose ways from the Internet are drawn. */
  readonly route: string | undefined;
  readonly colour: ColourMode;
  readonly table: boolean;
  readonly selected: string | undefined;
  readonly camera: Camera | undefined;
};

export type MapActions = {
  /** Opens nodes instead of what is open; none leads back to the fleet. */
  readonly open: (ids: readonly string[]) => void;
  readonly focusOn: (id: string | undefined, hops?: number) => void;
  readonly drawRoute: (assetId: string | undefined) => void;
  readonly setColour: (mode: ColourMode) => void;
  readonly setTable: (table: boolean) => void;
  readonly select: (id: string | undefined, changes?: Readonly<Record<string, unknown>>) => void;
  readonly keepCamera: (camera: Camera) => void;
};

export const useMapState = (): MapState => {
  const raw = useSearch({ strict: false }) as Readonly<Record<string, unknown>>;
  return useMemo(() => readState(raw), [raw]);
};

export const useMapActions = (): MapActions => {
  const setSearch = useSetSearch();
  return useMemo(() => {
    // Another picture has its own zoom and selection.
    const fresh = { view: undefined, selected: undefined, panel: undefined };
    return {
      open: (ids) =>
        setSearch({
          ...fresh,
          open: ids.length === 0 ? undefined : ids,
          focus: undefined,
          hops: undefined,
          route: undefined,
        }),
      focusOn: (id, hops) =>
        setSearch({
          view: undefined,
          focus: id,
          hops,
          route: undefined,
          ...(id === undefined ? fresh : { selected: id }),
        }),
      drawRoute: (assetId) => setSearch({ view: undefined, route: assetId, focus: undefined, hops: undefined }),
      setColour: (mode) => setSearch({ colour: mode === 'risk' ? undefined : mode }, { replace: true }),
      setTable: (table) => setSearch({ table: table ? '1' : undefined }),
      select: (id, changes) => setSearch({ selected: id, ...changes }, { replace: true }),
      keepCamera: (camera) => setSearch({ view: formatCamera(camera) }, { replace: true }),
    };
  }, [setSearch]);
};

const readState = (raw: Readonly<Record<string, unknown>>): MapState => {
  const text = (name: string): string | undefined => {
    const value = raw[name];
    if (Array.isArray(value)) return value.join(',');
    return typeof value === 'string' && value !== '' && value.length <= 4_096 ? value : undefined;
  };
  const hops = Number(text('hops') ?? 1);
  const route = text('route');
  return {
    open: (text('open') ?? '')
      .split(',')
      .filter((id) => id !== '' && id.length <= 256)
      .slice(0, 16),
    focus: text('focus')?.slice(0, 256),
    hops: Number.isInteger(hops) && hops >= 1 && hops <= 4 ? hops : 1,
    route: route !== undefined && /^[0-9a-f-]{36}$/.test(route) ? route : undefined,
    colour: text('colour') === 'new' ? 'new' : 'risk',
    table: text('table') !== undefined,
    selected: text('selected')?.slice(0, 600),
    camera: parseCamera(text('view')),
  };
};
