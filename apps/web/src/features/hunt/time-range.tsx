import { Popover } from '@base-ui/react/popover';
import { ChevronDown } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import chip from '../../components/choice-menu.module.css';
import { TextField } from '../../components/field.tsx';
import popover from '../../components/popover.module.css';
import { formatMoment, formatSecond, localInput, readerZone } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { useSetSearch } from '../../lib/view-state.ts';
import { defaultMinutes, type HuntSearch, isFixed, lastChoices, type Span } from './hunt-search.ts';

/** Which span of time is looked at: one that ends now, or a fixed one. */
export const TimeRange = ({ search, span }: { readonly search: HuntSearch; readonly span: Span }) => {
  const setSearch = useSetSearch();
  const now = useNow();
  const [open, setOpen] = useState(false);
  const choose = (changes: Readonly<Record<string, unknown>>): void => {
    setSearch({ tail: undefined, ...changes });
    setOpen(false);
  };
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className={chip.chip}>
        Time <b>{isFixed(search) ? spanName(span, now) : labelOf(search.last ?? defaultMinutes)}</b>
        <ChevronDown size={13} aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" className={popover.positioner}>
          <Popover.Popup className={popover.popup} aria-label="Time">
            {lastChoices.map(({ minutes, label }) => (
              <button
                key={minutes}
                type="button"
                className={popover.item}
                onClick={() =>
                  choose({ last: minutes === defaultMinutes ? undefined : minutes, since: undefined, until: undefined })
                }
              >
                {label}
              </button>
            ))}
            <div className={popover.rule} />
            <ExactSpan span={span} choose={choose} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
};

/** With seconds where minutes would not tell its ends apart well. */
const spanName = ({ since, until }: Span, now: number): string => {
  const format = Date.parse(until) - Date.parse(since) < 10 * 60_000 ? formatSecond : formatMoment;
  return `${format(since, now)} to ${format(until, now)}`;
};

const labelOf = (minutes: number): string =>
  lastChoices.find((choice) => choice.minutes === minutes)?.label.toLowerCase() ?? `last ${minutes} min`;

type ExactProps = { readonly span: Span; readonly choose: (span: Span) => void };

const ExactSpan = ({ span, choose }: ExactProps) => {
  const [since, setSince] = useState(localInput(span.since));
  const [until, setUntil] = useState(localInput(span.until));
  const [from, to] = [new Date(since), new Date(until)];
  const valid = from.getTime() < to.getTime();
  return (
    <form
      className={popover.pad}
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) choose({ since: from.toISOString(), until: to.toISOString() });
      }}
    >
      <TextField label={`From, ${readerZone}`} type="datetime-local" value={since} onChange={setSince} />
      <TextField label={`To, ${readerZone}`} type="datetime-local" value={until} onChange={setUntil} />
      <Button type="submit" small disabled={!valid}>
        Show this span
      </Button>
    </form>
  );
};
