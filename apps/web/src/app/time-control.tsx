import { Popover } from '@base-ui/react/popover';
import { useState } from 'react';
import { Button } from '../components/button.tsx';
import { TextField } from '../components/field.tsx';
import popover from '../components/popover.module.css';
import { ToneMark } from '../components/tone-mark.tsx';
import { formatMoment, localInput, readerZone } from '../lib/format.ts';
import { useLiveState } from '../lib/live-feed.ts';
import { useNow } from '../lib/now.ts';
import { useMoment } from '../lib/view-state.ts';
import styles from './top-bar.module.css';

/** Live, or the past moment that is shown, and the way from one to the other. */
export const TimeControl = () => {
  const now = useNow();
  const moment = useMoment();
  const live = useLiveState();
  const [open, setOpen] = useState(false);
  const choose = (at: string | undefined): void => {
    moment.set(at);
    setOpen(false);
  };
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className={styles.chip}>
        <ToneMark tone={moment.at !== undefined ? 'none' : live.kind === 'live' ? 'ok' : 'warn'} />
        <b>
          {moment.at !== undefined
            ? formatMoment(moment.at, now)
            : live.kind === 'reconnecting'
              ? 'Reconnecting'
              : 'Live'}
        </b>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={8} align="start" className={popover.positioner}>
          <Popover.Popup className={popover.popup}>
            <Popover.Title className={popover.title}>Show the map and assets at</Popover.Title>
            <button type="button" className={popover.item} onClick={() => choose(undefined)}>
              <ToneMark tone="ok" /> Live
            </button>
            {shortcuts.map(([label, agoMs]) => (
              <button
                key={label}
                type="button"
                className={popover.item}
                onClick={() => choose(new Date(Date.now() - agoMs).toISOString())}
              >
                <ToneMark tone="none" /> {label}
              </button>
            ))}
            <ExactMoment at={moment.at} choose={choose} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
};

const hour = 3_600_000;
const shortcuts = [
  ['15 minutes ago', hour / 4],
  ['An hour ago', hour],
  ['Yesterday, same time', 24 * hour],
  ['A week ago', 168 * hour],
] as const;

type ExactProps = { readonly at: string | undefined; readonly choose: (at: string) => void };

const ExactMoment = ({ at, choose }: ExactProps) => {
  const [text, setText] = useState(localInput(at ?? new Date().toISOString()));
  const date = new Date(text);
  const valid = !Number.isNaN(date.getTime()) && date.getTime() <= Date.now();
  return (
    <form
      className={popover.pad}
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) choose(date.toISOString());
      }}
    >
      <TextField
        label={`Exact moment, ${readerZone}`}
        type="datetime-local"
        value={text}
        max={localInput(new Date().toISOString())}
        onChange={setText}
      />
      <Button type="submit" small disabled={!valid}>
        Show this moment
      </Button>
    </form>
  );
};
