import type { FindingDetail } from '@parapet/contract/api';
import { AnyLink } from '../../components/any-link.tsx';
import { CommandBlock, CopyButton } from '../../components/copy.tsx';
import { Section } from '../../components/page.tsx';
import { Time } from '../../components/time.tsx';
import { formatDay, formatShare, plural } from '../../lib/format.ts';
import { keyed } from '../../lib/keyed.ts';
import { stringifySearch } from '../../lib/search-params.ts';
import styles from './finding.module.css';
import { Instances } from './instances.tsx';
import { PathSteps } from './path-steps.tsx';
import { VexWords } from './vex-words.tsx';
import { WhyRank } from './why-rank.tsx';

type BodyProps = { readonly finding: FindingDetail; readonly wide?: boolean };

/** Everything about one finding, for its page and the panel. */
export const FindingBody = ({ finding, wide = false }: BodyProps) => {
  const main = (
    <>
      <Acceptance finding={finding} />
      <VexWords finding={finding} />
      <Section title="Why it ranks here">
        <WhyRank why={finding.why} />
      </Section>
      <Section title="The way from the Internet">
        <PathSteps assetId={finding.worst?.id ?? finding.asset.id} name={finding.worst?.name ?? finding.asset.name} />
      </Section>
      <Fix finding={finding} />
      <Section title={`Where it runs: ${plural(finding.instances, 'instance')}`}>
        <Instances finding={finding} />
      </Section>
    </>
  );
  const side = (
    <>
      <About finding={finding} />
      <Elsewhere finding={finding} />
      <History finding={finding} />
      <References finding={finding} />
    </>
  );
  if (!wide) {
    return (
      <>
        {main}
        {side}
      </>
    );
  }
  return (
    <div className={styles.columns}>
      <div>{main}</div>
      <div>{side}</div>
    </div>
  );
};

const Acceptance = ({ finding }: BodyProps) =>
  finding.acceptance === undefined ? null : (
    <p className={styles.note}>
      Accepted by {finding.acceptance.by} <Time at={finding.acceptance.at} />, until{' '}
      {formatDay(finding.acceptance.until)}: “{finding.acceptance.reason}”
    </p>
  );

const Fix = ({ finding }: BodyProps) => (
  <Section title="What fixes it">
    {finding.fix === undefined ? (
      <p className={styles.muted}>
        No fixed version is known yet. It appears here as soon as a feed names one. Until then: close the way to it, or
        accept the risk for a time.
      </p>
    ) : (
      <>
        <p className={styles.fixTitle}>{finding.fix.title}</p>
        {finding.fix.commands.length === 0 ? null : (
          <CommandBlock commands={finding.fix.commands} label="Commands that fix it" />
        )}
        {finding.fix.note === undefined ? null : <p className={styles.fixNote}>{finding.fix.note}</p>}
      </>
    )}
  </Section>
);

const About = ({ finding }: BodyProps) => (
  <Section title="What it is">
    <p className={styles.summary}>{finding.summary}</p>
    {finding.details === '' || finding.details === finding.summary ? null : (
      <details className={styles.details}>
        <summary>What the publisher says</summary>
        <p>{finding.details}</p>
      </details>
    )}
    <dl className={styles.facts}>
      <Fact name="Vulnerability" value={finding.vulnerability} copy />
      {finding.aliases.length === 0 ? null : <Fact name="Also known as" value={finding.aliases.join(', ')} />}
      <Fact name="Package" value={finding.purl} copy mono />
      {finding.sourcePackage === undefined ? null : <Fact name="Source package" value={finding.sourcePackage} />}
      <Fact name="Found in" value={finding.location} mono />
      {finding.affectedRanges.length === 0 ? null : (
        <Fact name="Affected" value={finding.affectedRanges.join(', ')} mono />
      )}
      {finding.notes.length === 0 ? null : <Fact name="Only concerns" value={finding.notes.join('; ')} />}
      {finding.epss === undefined ? null : <Fact name="EPSS" value={formatShare(finding.epss)} />}
      {finding.cvssVectors.map(({ version, vector, score }) => (
        <Fact key={vector} name={`CVSS ${version}`} value={`${score} · ${vector}`} mono />
      ))}
      {finding.publishedSeverity === undefined ? null : (
        <Fact name="Publisher’s severity" value={finding.publishedSeverity} />
      )}
      {finding.published === undefined ? null : <Fact name="Published" value={formatDay(finding.published)} />}
      {finding.ecosystem === undefined ? null : <Fact name="Advisories of" value={finding.ecosystem} />}
      <Fact name="Matched with feed" value={finding.feedVersion} mono />
    </dl>
  </Section>
);

type FactProps = {
  readonly name: string;
  readonly value: string;
  readonly copy?: boolean;
  readonly mono?: boolean;
};

const Fact = ({ name, value, copy = false, mono = false }: FactProps) => (
  <div>
    <dt>{name}</dt>
    <dd>
      {mono ? <code>{value}</code> : value}
      {copy ? <CopyButton text={value} /> : null}
    </dd>
  </div>
);

const Elsewhere = ({ finding }: BodyProps) => {
  const { assets, findings } = finding.elsewhere;
  if (findings === 0) return null;
  return (
    <Section title="Elsewhere">
      <AnyLink
        to={`/findings${stringifySearch({ vulnerability: finding.vulnerability, by: 'asset' })}`}
        className={styles.link}
      >
        The same vulnerability on {plural(assets, 'other asset')}, {plural(findings, 'finding')}
      </AnyLink>
    </Section>
  );
};

const History = ({ finding }: BodyProps) => (
  <Section title="History">
    <ol className={styles.history}>
      {keyed(finding.history, (entry) => entry.at + entry.text).map(([key, entry]) => (
        <li key={key}>
          <Time at={entry.at} className={styles.when} />
          <span>
            {entry.text}
            {entry.by === undefined ? null : <span className={styles.muted}> {entry.by}</span>}
          </span>
        </li>
      ))}
    </ol>
  </Section>
);

const References = ({ finding }: BodyProps) =>
  finding.references.length === 0 ? null : (
    <Section title="References">
      <ul className={styles.references}>
        {keyed(finding.references.slice(0, 20), ({ url }) => url).map(([key, { type, url }]) => (
          <li key={key}>
            <span className={styles.muted}>{type.toLowerCase()}</span> <AnyLink to={url}>{url}</AnyLink>
          </li>
        ))}
      </ul>
    </Section>
  );
