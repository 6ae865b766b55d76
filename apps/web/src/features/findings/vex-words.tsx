import type { FindingDetail, VexWord } from '@parapet/contract/api';
import { AnyLink } from '../../components/any-link.tsx';
import { Section } from '../../components/page.tsx';
import { Since, Time } from '../../components/time.tsx';
import { keyed } from '../../lib/keyed.ts';
import { vexStatusNames } from '../../lib/words.ts';
import styles from './finding.module.css';

/** What VEX documents say of a finding: what counts, why, and what others say. */
export const VexWords = ({ finding }: { readonly finding: FindingDetail }) => {
  const { vex } = finding;
  if (vex === undefined) return null;
  return (
    <Section title="What publishers say of it here">
      <p className={styles.note}>
        {finding.status === 'ruled-out' ? 'Ruled out: ' : null}
        <Word word={vex} /> Counts <Since at={vex.since} />.
      </p>
      {vex.others.length === 0 ? null : (
        <>
          <p className={styles.muted}>
            Passed over, because a word on what was scanned goes before a word on the package anywhere, and between
            authors the most cautious one counts:
          </p>
          <ul className={styles.references}>
            {keyed(vex.others, ({ document, status }) => document + status).map(([key, word]) => (
              <li key={key}>
                <Word word={word} />
              </li>
            ))}
          </ul>
        </>
      )}
      <AnyLink to="/settings/vex" className={styles.link}>
        VEX documents
      </AnyLink>
    </Section>
  );
};

const Word = ({ word }: { readonly word: VexWord }) => (
  <>
    <b>{vexStatusNames[word.status]}</b>, says {word.author ?? 'an author without a name'}
    {word.at === undefined ? null : (
      <>
        {' '}
        (<Time at={word.at} />)
      </>
    )}{' '}
    in <code>{word.document}</code>.{word.justification === undefined ? null : ` ${sentenceOf(word.justification)}.`}
    {word.text === undefined ? null : <span> “{word.text}”</span>}
  </>
);

/** E.g. `vulnerable_code_not_in_execute_path` as words. */
const sentenceOf = (label: string): string => {
  const words = label.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};
