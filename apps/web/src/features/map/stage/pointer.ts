import type { Point } from '../layout/geometry.ts';

export type Gestures = {
  readonly onMove: (at: Point | undefined) => void;
  readonly onPan: (dx: number, dy: number) => void;
  readonly onZoom: (at: Point, factor: number) => void;
  readonly onClick: (at: Point) => void;
  readonly onOpen: (at: Point, beside: boolean) => void;
  readonly onSettled: () => void;
};

/** A press that moves less than this is a click. */
const clickSlackPx = 4;
const doubleClickMs = 350;

/** Pointer, wheel and touch on the map: drag pans, wheel and two fingers zoom, a click chooses, a double click opens. */
export const listenToPointer = (element: HTMLElement, gestures: Gestures): (() => void) => {
  const pressed = new Map<number, Point>();
  let moved = 0;
  let lastClick: { readonly at: Point; readonly time: number } | undefined;
  let settle: ReturnType<typeof setTimeout> | undefined;
  const settleSoon = (): void => {
    clearTimeout(settle);
    settle = setTimeout(gestures.onSettled, 250);
  };
  const local = (event: { clientX: number; clientY: number }): Point => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    pressed.set(event.pointerId, local(event));
    if (pressed.size === 1) moved = 0;
  };
  const onMove = (event: PointerEvent): void => {
    const at = local(event);
    const before = pressed.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== 'touch') gestures.onMove(at);
      return;
    }
    const [other] = [...pressed].filter(([id]) => id !== event.pointerId);
    pressed.set(event.pointerId, at);
    moved += Math.hypot(at.x - before.x, at.y - before.y);
    if (other === undefined) {
      if (moved > clickSlackPx) gestures.onPan(at.x - before.x, at.y - before.y);
      return;
    }
    const fixed = other[1];
    const grown =
      Math.hypot(at.x - fixed.x, at.y - fixed.y) / Math.max(1, Math.hypot(before.x - fixed.x, before.y - fixed.y));
    gestures.onPan((at.x - before.x) / 2, (at.y - before.y) / 2);
    gestures.onZoom({ x: (at.x + fixed.x) / 2, y: (at.y + fixed.y) / 2 }, grown);
  };
  const onUp = (event: PointerEvent): void => {
    if (!pressed.delete(event.pointerId)) return;
    if (moved > clickSlackPx) {
      settleSoon();
      return;
    }
    const at = local(event);
    const again =
      lastClick !== undefined &&
      event.timeStamp - lastClick.time < doubleClickMs &&
      Math.hypot(at.x - lastClick.at.x, at.y - lastClick.at.y) < 12;
    lastClick = again ? undefined : { at, time: event.timeStamp };
    if (again) gestures.onOpen(at, event.shiftKey || event.ctrlKey || event.metaKey);
    else gestures.onClick(at);
  };
  const onCancel = (event: PointerEvent): void => {
    pressed.delete(event.pointerId);
  };
  const onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    // A trackpad scrolls in two directions and pinches with ctrl; a wheel has whole steps in one.
    const isPan = !event.ctrlKey && (event.shiftKey || (event.deltaX !== 0 && Math.abs(event.deltaY) < 60));
    if (isPan) gestures.onPan(-event.deltaX * lines, -event.deltaY * lines);
    else gestures.onZoom(local(event), Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)));
    settleSoon();
  };
  const onLeave = (): void => gestures.onMove(undefined);

  element.addEventListener('pointerdown', onDown);
  element.addEventListener('pointermove', onMove);
  element.addEventListener('pointerup', onUp);
  element.addEventListener('pointercancel', onCancel);
  element.addEventListener('pointerleave', onLeave);
  element.addEventListener('wheel', onWheel, { passive: false });
  return () => {
    clearTimeout(settle);
    element.removeEventListener('pointerdown', onDown);
    element.removeEventListener('pointermove', onMove);
    element.removeEventListener('pointerup', onUp);
    element.removeEventListener('pointercancel', onCancel);
    element.removeEventListener('pointerleave', onLeave);
    element.removeEventListener('wheel', onWheel);
  };
};
