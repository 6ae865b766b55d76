import { type MapEdge, type MapNode, severityOfRisk } from '@parapet/contract/api';
import { SeverityMark } from '../../components/severity.tsx';
import { plural } from '../../lib/format.ts';
import { kindName, portsText, trafficText } from './describe-node.ts';
import type { Point } from './layout/geometry.ts';
import styles from './map.module.css';
import { nameOf } from './render/labels.ts';
import type { Hit } from './stage/hit-test.ts';
import type { Scene } from './stage/scene.ts';
import { isRiskUnknown, standingOf } from './standing.ts';

type HoverCardProps = {
  readonly scene: Scene;
  readonly hit: Hit;
  readonly at: Point;
  readonly bounds: HTMLElement | null;
};

/** What the pointer is over, in a few words beside it. */
export const HoverCard = ({ scene, hit, at, bounds }: HoverCardProps) => {
  const edge = hit.kind === 'edge' ? scene.edges.find((candidate) => candidate.id === hit.id) : undefined;
  const node = (scene.node(hit.id) ?? scene.frame(hit.id))?.node;
  if (edge === undefined && node === undefined) return null;
  const width = bounds?.clientWidth ?? 0;
  const height = bounds?.clientHeight ?? 0;
  const style = {
    ...(at.x > width - 300 ? { right: width - at.x + 16 } : { left: at.x + 16 }),
    ...(at.y > height - 240 ? { bottom: height - at.y + 10 } : { top: at.y + 14 }),
  };
  return (
    <div className={styles.hover} style={style} aria-hidden>
      {edge !== undefined ? (
        <EdgeText edge={edge.edge} from={edge.source.node} to={edge.target.node} />
      ) : node === undefined ? null : (
        <NodeText node={node} neighbours={scene.near(hit.id).size} />
      )}
    </div>
  );
};

const NodeText = ({ node, neighbours }: { readonly node: MapNode; readonly neighbours: number }) => (
  <>
    <b>{nameOf(node)}</b>
    <span>
      {kindName(node)}
      {node.status === 'running' || node.status === 'present' ? '' : ` · ${standingOf(node)}`}
      {node.detail === undefined ? '' : ` · ${node.detail}`}
    </span>
    {isRiskUnknown(node) ? <span>Risk not known</span> : null}
    {node.risk === undefined ? null : (
      <span className={styles.hoverRisk}>
        <SeverityMark severity={severityOfRisk(node.risk)} size={12} /> Risk {Math.round(node.risk)} of 100
      </span>
    )}
    {node.exposed && node.kind !== 'internet' ? <span>Reached from the Internet</span> : null}
    {node.ports.length === 0 ? null : <span>Listens on {portsText(node.ports)}</span>}
    {neighbours === 0 ? null : <span>{plural(neighbours, 'neighbour')}</span>}
    {node.opens ? <em>Double click opens it</em> : null}
  </>
);

type EdgeTextProps = { readonly edge: MapEdge; readonly from: MapNode; readonly to: MapNode };

const EdgeText = ({ edge, from, to }: EdgeTextProps) => (
  <>
    <b>
      {nameOf(from)} → {nameOf(to)}
    </b>
    <span>{portsText(edge.ports)}</span>
    <span>{trafficText(edge)}</span>
    {edge.count > 1 ? <span>{plural(edge.count, 'edge')} in one</span> : null}
    {edge.active ? null : <span>Quiet for more than 5 minutes</span>}
  </>
);
