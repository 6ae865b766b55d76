import type { MapView } from '@parapet/contract/api';
import { severityOfRisk } from '@parapet/contract/api';
import { SeverityMark } from '../../components/severity.tsx';
import { kindName, portsText, trafficText } from './describe-node.ts';
import styles from './map-table.module.css';
import { nameOf } from './render/labels.ts';
import { isRiskUnknown, standingOf } from './standing.ts';

type MapTableProps = {
  readonly view: MapView;
  readonly onChoose: (id: string) => void;
  readonly onOpen: (id: string) => void;
  readonly onEdge: (source: string, target: string) => void;
};

/** The same view as two tables: what is there, and who talks to whom. */
export const MapTable = ({ view, onChoose, onOpen, onEdge }: MapTableProps) => {
  const names = new Map(view.nodes.map((node) => [node.id, node]));
  const nameFor = (id: string): string => {
    const node = names.get(id);
    return node === undefined ? id : nameOf(node);
  };
  const nodes = [...view.nodes].sort((a, b) => (b.risk ?? -1) - (a.risk ?? -1) || (a.label < b.label ? -1 : 1));
  const edges = [...view.edges].sort((a, b) => b.connections - a.connections);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard
    <section className={styles.tables} aria-label="The map as tables" tabIndex={0}>
      <table>
        <caption>{nodes.length} nodes, the riskiest first</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Kind</th>
            <th scope="col">In</th>
            <th scope="col">Status</th>
            <th scope="col">Ports</th>
            <th scope="col">Exposed to the Internet</th>
            <th scope="col" className={styles.number}>
              Risk
            </th>
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <tr key={node.id}>
              <th scope="row">
                <button type="button" onClick={() => onChoose(node.id)}>
                  {nameOf(node)}
                </button>
                {node.opens ? (
                  <button type="button" className={styles.open} onClick={() => onOpen(node.id)}>
                    open<span className="visually-hidden"> {nameOf(node)}</span>
                  </button>
                ) : null}
              </th>
              <td>{kindName(node)}</td>
              <td>{node.parent === undefined ? '' : nameFor(node.parent)}</td>
              <td>{standingOf(node)}</td>
              <td>{portsText(node.ports)}</td>
              <td>{node.exposed && node.kind !== 'internet' ? 'yes' : ''}</td>
              <td className={styles.number}>
                {isRiskUnknown(node) ? 'not known' : null}
                {node.risk === undefined ? null : (
                  <>
                    <SeverityMark severity={severityOfRisk(node.risk)} size={12} /> {Math.round(node.risk)}
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <table>
        <caption>{edges.length} edges, the busiest first</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Ports</th>
            <th scope="col">Traffic</th>
          </tr>
        </thead>
        <tbody>
          {edges.map((edge) => (
            <tr key={edge.id}>
              <th scope="row">
                <button type="button" onClick={() => onEdge(edge.source, edge.target)}>
                  {nameFor(edge.source)}
                  <span className="visually-hidden"> to {nameFor(edge.target)}</span>
                </button>
              </th>
              <td>{nameFor(edge.target)}</td>
              <td>{portsText(edge.ports)}</td>
              <td>{trafficText(edge)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};
