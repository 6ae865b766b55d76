import { AnyLink } from '../../components/any-link.tsx';
import { KeyValues } from '../../components/key-values.tsx';
import { Page, Section } from '../../components/page.tsx';
import text from '../../components/text.module.css';
import { useSession } from '../../lib/session.ts';

export const AboutPage = () => {
  const session = useSession();
  return (
    <Page
      name="About"
      title="Parapet"
      subline="It shows what runs and who talks to whom, and ranks what is exploitable here."
    >
      <Section title="This console">
        <KeyValues
          items={[
            { name: 'Version', value: session.console.version },
            { name: 'Name', value: session.console.name },
            { name: 'Licence', value: 'Apache-2.0' },
            {
              name: 'API',
              value: (
                <a href="/api/openapi.json" className={text.link} target="_blank" rel="noreferrer">
                  /api/openapi.json
                </a>
              ),
            },
          ]}
        />
      </Section>
      <Section title="Keys">
        <KeyValues
          items={[
            { name: 'Ctrl K or /', value: 'Find anything' },
            { name: '↑ ↓ or k j', value: 'Move in a list' },
            { name: 'Enter', value: 'Open a row; open or close a group' },
            { name: '→ ←', value: 'Open or close a group' },
            { name: 'x', value: 'Choose a row' },
            { name: 'Esc', value: 'Close the panel' },
          ]}
        />
      </Section>
      <Section title="How risk is made">
        <p className={text.muted}>
          Likelihood × exposure × use × impact, each between 0 and 1 with its evidence. What we cannot see is never
          taken for safe: it counts with a stated middle value.{' '}
          <AnyLink to="/findings" className={text.link}>
            Any finding
          </AnyLink>{' '}
          shows its four factors.
        </p>
      </Section>
    </Page>
  );
};
