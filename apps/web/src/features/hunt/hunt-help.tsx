import { AnyLink } from '../../components/any-link.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import text from '../../components/text.module.css';
import { stringifySearch } from '../../lib/search-params.ts';

const examples = [
  { q: 'process.name = nc and user.id = 0', means: 'Netcat, run by root' },
  { q: 'process.name in (sh, bash) and container.id exists', means: 'Shells in containers' },
  { q: 'process.command_line ~ "curl .*\\| *(ba)?sh"', means: 'A regular expression: what was fetched and run' },
  { q: 'destination.ip = 10.0.0.0/8 and not destination.port in (80, 443)', means: 'Connections into a network' },
  { q: 'process.exit_code = 128..255', means: 'Ended by a signal' },
  { q: 'process.executable = /tmp/*', means: 'Programs run from a folder; * stands for any text' },
] as const;

/** How hunts are written, by examples to begin with. */
export const HuntHelp = () => (
  <SimpleTable
    label="How to write a hunt"
    rows={examples}
    rowKey={({ q }) => q}
    columns={[
      {
        id: 'q',
        header: 'Written',
        cell: ({ q }) => (
          <AnyLink to={`/hunt${stringifySearch({ q })}`} className={`${text.link} ${text.mono}`}>
            {q}
          </AnyLink>
        ),
      },
      { id: 'means', header: 'Finds', cell: ({ means }) => <span className={text.muted}>{means}</span> },
    ]}
  />
);
