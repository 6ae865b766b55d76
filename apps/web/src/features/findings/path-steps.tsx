import type { ResultOf } from '@parapet/contract/api';
import { severityOfRisk } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatCompact } from '../../lib/format.ts';
import { momentQuery, useMoment } from '../../lib/view-state.ts';
import styles from './path-steps.module.css';

type Path = ResultOf<'map.path'>['paths'][number];
type Step = Path['steps'][number];

/** The shortest ways from the Internet that were seen, drawn as steps with their ports. */
export const PathSteps = ({ assetId, name }: { readonly assetId: string; readonly name: string }) => {
  const moment = useMoment();
  const { data, error } = useQuery(apiQuery('map.path', { query: { assetId, ...momentQuery(moment) } }));
  if (error !== null && data === undefined) return <Failure what="The way could not be fetched" error={error} />;
  if (data === undefined) return <Skeleton label="the way from the Internet" lines={2} />;
  if (data.paths.length === 0) {
    return <p className={styles.none}>No way from the Internet to {name} was seen.</p>;
  }
  return (
    <>
      {data.paths.slice(0, 2).map((path) => (
        <PathLine key={path.steps.map((step) => step.nodeId).join('>')} path={path} />
      ))}
      <AnyLink
        to={`/map?focus=${encodeURIComponent(data.paths[0]?.steps.at(-1)?.nodeId ?? '')}`}
        className={styles.more}
      >
        See it on the map
      </AnyLink>
    </>
  );
};

const PathLine = ({ path }: { readonly path: Path }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a long way scrolls, also by keyboard
  <ol className={styles.path} tabIndex={0} aria-label={`Way of ${path.steps.length - 1} steps`}>
    {path.steps.map((step, index) => (
      <Fragment key={step.nodeId}>
        {index === 0 ? null : <Hop step={step} />}
        <li className={styles.node}>
          <NodeMark step={step} />
          <span className={styles.label} title={step.label}>
            {step.label}
          </span>
        </li>
      </Fragment>
    ))}
  </ol>
);

const Hop = ({ step }: { readonly step: Step }) => (
  <li className={styles.hop}>
    <span className={styles.port}>
      {step.protocol ?? 'tcp'} {step.port ?? '?'}
    </span>
    <svg viewBox="0 0 60 10" preserveAspectRatio="none" aria-hidden className={styles.arrow}>
      <line x1="0" x2="60" y1="5" y2="5" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
    <span className={styles.flows}>
      {step.connections === undefined ? '' : `${formatCompact(step.connections)} connections`}
    </span>
  </li>
);

const NodeMark = ({ step }: { readonly step: Step }) => {
  const color = step.risk === undefined ? 'var(--line-strong)' : `var(--${severityOfRisk(step.risk)})`;
  return (
    <svg width="34" height="34" viewBox="0 0 34 34" aria-hidden>
      <circle cx="17" cy="17" r="14.5" fill="var(--raise)" stroke={color} strokeWidth="2.5" />
      {step.nodeId === 'internet' ? (
        <path
          d="M9 17h16M17 9c3.4 3.6 3.4 12.4 0 16M17 9c-3.4 3.6-3.4 12.4 0 16M17 9a8 8 0 1 0 0 16 8 8 0 0 0 0-16"
          fill="none"
          stroke="var(--muted)"
          strokeWidth="1.2"
        />
      ) : (
        <text x="17" y="21" textAnchor="middle" fontSize="11" fontWeight="600" fill="var(--text)">
          {step.risk === undefined ? '' : Math.round(step.risk)}
        </text>
      )}
    </svg>
  );
};
