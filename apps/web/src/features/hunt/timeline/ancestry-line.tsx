import { type ForensicProcess, type Forensics, visibleText } from '@parapet/contract/api';
import { AnyLink } from '../../../components/any-link.tsx';
import text from '../../../components/text.module.css';
import { timelineLink } from '../../../lib/timeline-link.ts';
import type { Span } from '../hunt-search.ts';
import styles from './timeline.module.css';

/** Who started it, the first process first, each to be looked at itself. */
export const AncestryLine = ({ forensics, span }: { readonly forensics: Forensics; readonly span: Span }) => {
  const { ancestry, subject } = forensics;
  const chain = ancestry.processes.toReversed();
  return (
    <nav aria-label="Who started it" className={styles.ancestry}>
      <ol>
        {ancestry.end === 'first' ? null : (
          <li className={text.muted} title={beforeWords[ancestry.end].long}>
            {beforeWords[ancestry.end].short}
          </li>
        )}
        {chain.map((process) => (
          <li key={process.id}>
            <AnyLink
              to={timelineLink({ hostId: subject.hostId, process: process.id }, span)}
              className={text.link}
              title={visibleText(process.commandLine ?? process.executable ?? '')}
            >
              {labelOf(process)}
            </AnyLink>
          </li>
        ))}
        <li aria-current="page" className={text.strong}>
          {subject.process === undefined ? visibleText(subject.name) : labelOf(subject.process)}
        </li>
      </ol>
    </nav>
  );
};

const labelOf = ({ name, pid }: ForensicProcess): string => `${visibleText(name)} ${pid}`;

const beforeWords = {
  unseen: {
    short: 'who started this was not seen',
    long: 'Who started this was not seen, is no longer kept, or is not in your scope.',
  },
  limit: { short: 'more before', long: 'There are more ancestors than are followed.' },
} as const;
