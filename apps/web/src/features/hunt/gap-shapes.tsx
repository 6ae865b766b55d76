import type { HuntGap } from '@parapet/contract/api';
import { type GapKind, gapKey, gapKind, lackOf, severalHosts } from './gap-words.ts';
import styles from './hunt.module.css';

type DrawnKind = Exclude<GapKind, 'left-out'>;

type GapShapesProps = {
  readonly gaps: readonly HuntGap[];
  readonly kinds: readonly DrawnKind[];
  /** The place of a moment (milliseconds) in the drawing. */
  readonly x: (ms: number) => number;
  /** Until when a gap goes that has no end. */
  readonly to: number;
  readonly height: number;
  readonly pattern: string;
};

/** What a sensor did not see, hatched; what is no longer kept, and what nobody watched, grey; what was lost and counted, red. What a policy leaves out is not drawn: it is all the time. */
export const GapShapes = ({ gaps, kinds, x, to, height, pattern }: GapShapesProps) =>
  gaps.map((gap) => {
    const kind = kinds.find((each) => each === gapKind(gap));
    if (kind === undefined) return null;
    const [a, b] = [x(Date.parse(gap.from)), x(gap.to === undefined ? to : Date.parse(gap.to))];
    return (
      <rect key={gapKey(gap)} x={a} width={Math.max(3, b - a)} height={height} {...lookOf(kind, pattern)}>
        <title>{`${gap.hostName ?? severalHosts(gap)}: ${lackOf(gap, to)}`}</title>
      </rect>
    );
  });

const lookOf = (kind: DrawnKind, pattern: string): { readonly className?: string; readonly fill?: string } => {
  switch (kind) {
    case 'blind':
      return { fill: `url(#${pattern})` };
    case 'gone':
      return styles.gone === undefined ? {} : { className: styles.gone };
    case 'unwatched':
      return styles.unwatched === undefined ? {} : { className: styles.unwatched };
    case 'lost':
      return styles.lost === undefined ? {} : { className: styles.lost };
  }
};
