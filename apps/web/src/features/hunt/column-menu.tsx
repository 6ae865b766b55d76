import { Popover } from '@base-ui/react/popover';
import { type FieldName, telemetryFields } from '@parapet/contract/api';
import { ChevronDown } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import chip from '../../components/choice-menu.module.css';
import { CheckField, TextField } from '../../components/field.tsx';
import popover from '../../components/popover.module.css';
import { useSetSearch } from '../../lib/view-state.ts';
import { headerOf } from './events-table.tsx';
import styles from './hunt.module.css';
import { defaultColumns, type HuntColumn } from './hunt-search.ts';

const all: readonly HuntColumn[] = [
  ...(Object.keys(telemetryFields) as FieldName[]).filter((name) => name !== '@timestamp'),
  'what',
];
/** More would leave no room for any. */
const maxColumns = 12;

/** The columns that the URL names; those that are none are left out. */
export const columnsOf = (names: readonly string[] | undefined): readonly HuntColumn[] => {
  const known = (names ?? []).filter((name): name is HuntColumn => all.includes(name as HuntColumn));
  return known.length === 0 ? defaultColumns : known.slice(0, maxColumns);
};

/** Which columns the table has. */
export const ColumnMenu = ({ columns }: { readonly columns: readonly HuntColumn[] }) => {
  const setSearch = useSetSearch();
  const [filter, setFilter] = useState('');
  const set = (next: readonly HuntColumn[]): void =>
    setSearch(
      { cols: next.length === 0 || next.join() === defaultColumns.join() ? undefined : next },
      { replace: true },
    );
  const shown = all.filter(
    (name) => columns.includes(name) || `${name} ${headerOf(name)}`.toLowerCase().includes(filter.toLowerCase()),
  );
  return (
    <Popover.Root>
      <Popover.Trigger className={chip.chip}>
        <b>Columns</b>
        <ChevronDown size={13} aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" className={popover.positioner}>
          <Popover.Popup className={popover.popup} aria-label="Columns">
            <div className={popover.pad}>
              <TextField label="Find a field" value={filter} onChange={setFilter} />
              <Button small disabled={columns === defaultColumns} onClick={() => set(defaultColumns)}>
                As at first
              </Button>
            </div>
            <div className={styles.columnList}>
              {[...columns, ...shown.filter((name) => !columns.includes(name))].map((name) => (
                <CheckField
                  key={name}
                  label={name === 'what' ? 'What happened, in one line' : name}
                  checked={columns.includes(name)}
                  onChange={(checked) =>
                    set(checked ? withColumn(columns, name) : columns.filter((other) => other !== name))
                  }
                />
              ))}
            </div>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
};

/** Before the line that says what happened, which is the widest. */
const withColumn = (columns: readonly HuntColumn[], name: HuntColumn): readonly HuntColumn[] => {
  const place = columns.indexOf('what');
  return (place < 0 || name === 'what' ? [...columns, name] : columns.toSpliced(place, 0, name)).slice(0, maxColumns);
};
