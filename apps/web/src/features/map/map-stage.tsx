import { type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useRef, useState } from 'react';
import { useShownTheme } from '../../lib/appearance.ts';
import { describeNode } from './describe-node.ts';
import { HoverCard } from './hover-card.tsx';
import type { Point } from './layout/geometry.ts';
import styles from './map.module.css';
import type { Camera } from './stage/camera.ts';
import { type Hit, nodeTowards } from './stage/hit-test.ts';
import type { ColourMode } from './stage/paint.ts';
import type { Scene } from './stage/scene.ts';
import { createStage, type Stage } from './stage/stage.ts';

export type StageHandle = {
  readonly zoomBy: (factor: number) => void;
  readonly fit: () => void;
  readonly flyTo: (id: string) => void;
  readonly focus: () => void;
};

type MapStageProps = {
  readonly ref?: Ref<StageHandle>;
  readonly scene: Scene;
  readonly mode: ColourMode;
  readonly momentMs: number;
  readonly selected: string | undefined;
  readonly route: ReadonlySet<string>;
  /** Where the camera was left, from the URL. */
  readonly camera: Camera | undefined;
  readonly onChoose: (hit: Hit | undefined) => void;
  readonly onOpen: (id: string, beside: boolean) => void;
  readonly onUp: () => void;
  readonly onFocusOn: (id: string) => void;
  readonly onCamera: (camera: Camera) => void;
  readonly onStale: () => void;
  /** The browser has no WebGL2. */
  readonly onUnable: () => void;
};

/** The picture, its keyboard and what is said of it. */
export const MapStage = (props: MapStageProps) => {
  const { scene, mode, momentMs, selected, route, camera } = props;
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [hover, setHover] = useState<{ readonly hit: Hit; readonly at: Point } | undefined>(undefined);
  const [focused, setFocused] = useState<string | undefined>(undefined);
  const stage = useStage(host, latest, setHover);
  useThemeOf(stage);

  const hovered = hover?.hit.id;
  useEffect(() => {
    stage?.set({ scene, mode, momentMs, emphasis: { selected, hovered, focused, route } });
  }, [stage, scene, mode, momentMs, selected, hovered, focused, route]);
  useFirstCamera(stage, scene, camera);
  useImperativeHandle(props.ref, () => handleOf(stage, latest, host));

  const onKeyDown = (event: KeyboardEvent): void => {
    const key = keys[event.key];
    if (key === undefined || event.ctrlKey || event.metaKey || event.altKey || stage === undefined) return;
    event.preventDefault();
    key({ stage, props: latest.current, focused: focused ?? selected, setFocused, beside: event.shiftKey });
  };
  const spoken = focused === undefined ? undefined : (scene.node(focused) ?? scene.frame(focused))?.node;
  return (
    <div className={styles.stage}>
      <div
        ref={host}
        className={styles.canvas}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the picture is worked with by keyboard
        tabIndex={0}
        role="application"
        aria-label="Map of what runs and who talks to whom"
        aria-description="Arrow keys go from node to node, Enter opens, Space chooses, Backspace goes up, F shows the neighbourhood, plus and minus zoom, 0 shows all. The table view lists the same."
        onKeyDown={onKeyDown}
        onBlur={() => setFocused(undefined)}
      />
      <p className="visually-hidden" aria-live="polite">
        {spoken === undefined ? '' : describeNode(spoken, scene.near(spoken.id).size)}
      </p>
      {hover === undefined ? null : <HoverCard scene={scene} hit={hover.hit} at={hover.at} bounds={host.current} />}
    </div>
  );
};

const useStage = (
  host: React.RefObject<HTMLDivElement | null>,
  latest: React.RefObject<MapStageProps>,
  setHover: (hover: { readonly hit: Hit; readonly at: Point } | undefined) => void,
): Stage | undefined => {
  const [stage, setStage] = useState<Stage | undefined>(undefined);
  useEffect(() => {
    if (host.current === null) return;
    const made = createStage(host.current, insetsOf, {
      onHover: (hit, at) => setHover(hit === undefined || at === undefined ? undefined : { hit, at }),
      onChoose: (hit) => latest.current.onChoose(hit),
      onOpen: (hit, beside) => latest.current.onOpen(hit.id, beside),
      onCamera: (camera) => latest.current.onCamera(camera),
      onStale: () => latest.current.onStale(),
    });
    if (!made.works) latest.current.onUnable();
    setStage(made);
    return made.dispose;
  }, [host, latest, setHover]);
  return stage;
};

/** What the headings and the time strip cover. */
const insetsOf = () => {
  const narrow = window.innerWidth < 640;
  return { top: narrow ? 96 : 84, right: 28, bottom: narrow ? 150 : 132, left: 28 };
};

const useThemeOf = (stage: Stage | undefined): void => {
  const theme = useShownTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is what changed the colours
  useEffect(() => stage?.setTheme(), [stage, theme]);
};

/** A new picture is shown whole, or as the URL has it; the same one stays where it was put. */
const useFirstCamera = (stage: Stage | undefined, scene: Scene, camera: Camera | undefined): void => {
  const shown = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (stage === undefined || shown.current === scene.view || scene.nodes.length === 0) return;
    const first = shown.current === undefined;
    shown.current = scene.view;
    if (camera === undefined)
      stage.fit(scene.bounds, { still: first, minZoom: window.innerWidth < 640 ? 0.5 : undefined });
    else stage.moveTo(camera, { still: first });
  }, [stage, scene, camera]);
};

const handleOf = (
  stage: Stage | undefined,
  latest: React.RefObject<MapStageProps>,
  host: React.RefObject<HTMLDivElement | null>,
): StageHandle => ({
  zoomBy: (factor) => stage?.zoomBy(factor),
  fit: () => stage?.fit(latest.current.scene.bounds),
  flyTo: (id) => {
    const node = latest.current.scene.node(id);
    const frame = latest.current.scene.frame(id);
    if (node !== undefined) {
      stage?.fit({ x: node.at.x - 260, y: node.at.y - 180, width: 520, height: 360 });
    } else if (frame !== undefined) stage?.fit(frame.rect);
  },
  focus: () => host.current?.focus(),
});

type KeyContext = {
  readonly stage: Stage;
  readonly props: MapStageProps;
  readonly focused: string | undefined;
  readonly setFocused: (id: string | undefined) => void;
  readonly beside: boolean;
};

const go =
  (dx: number, dy: number) =>
  ({ stage, props, focused, setFocused, beside }: KeyContext): void => {
    if (beside) {
      stage.panBy(-dx * 120, -dy * 120);
      return;
    }
    const next = nodeTowards(props.scene, focused, dx, dy);
    const node = next === undefined ? undefined : props.scene.node(next);
    if (node === undefined) return;
    setFocused(node.id);
    const place = stage.place(node.at);
    const { innerWidth, innerHeight } = window;
    if (place.x < 60 || place.y < 100 || place.x > innerWidth - 320 || place.y > innerHeight - 240) {
      stage.moveTo({ ...stage.camera(), x: node.at.x, y: node.at.y });
    }
  };

const keys: Readonly<Record<string, (context: KeyContext) => void>> = {
  ArrowLeft: go(-1, 0),
  ArrowRight: go(1, 0),
  ArrowUp: go(0, -1),
  ArrowDown: go(0, 1),
  Enter: ({ props, focused, beside }) => {
    if (focused !== undefined) props.onOpen(focused, beside);
  },
  ' ': ({ props, focused }) => props.onChoose(focused === undefined ? undefined : { kind: 'node', id: focused }),
  Backspace: ({ props }) => props.onUp(),
  Escape: ({ props }) => props.onChoose(undefined),
  f: ({ props, focused }) => {
    if (focused !== undefined) props.onFocusOn(focused);
  },
  '+': ({ stage }) => stage.zoomBy(1.3),
  '=': ({ stage }) => stage.zoomBy(1.3),
  '-': ({ stage }) => stage.zoomBy(1 / 1.3),
  '0': ({ stage, props }) => stage.fit(props.scene.bounds),
};
