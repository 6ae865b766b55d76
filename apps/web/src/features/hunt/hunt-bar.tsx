import { ApiFailure, type FieldName, telemetryFields } from '@parapet/contract/api';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatCount } from '../../lib/format.ts';
import { type Choice, choicesAt, type Spot, spotAt, withChoice } from './completion.ts';
import styles from './hunt.module.css';
import type { Span } from './hunt-search.ts';
import { valueText } from './pivot.ts';

type HuntBarProps = {
  readonly q: string;
  readonly span: Span;
  readonly error: Error | null;
  readonly busy: boolean;
  /** Also when the text is the same: events may have come meanwhile. */
  readonly onRun: (q: string) => void;
};

/** The hunt as text, with what could stand at the caret, and what is wrong with it at its place. */
export const HuntBar = ({ q, span, error, busy, onRun }: HuntBarProps) => {
  const [text, setText] = useState(q);
  const [caret, setCaret] = useState<number>();
  const [active, setActive] = useState(-1);
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => setText(q), [q]);
  const spot = useMemo(() => (caret === undefined ? undefined : spotAt(text, caret)), [text, caret]);
  const choices = useChoices(spot, span);
  const open = choices.length > 0;

  useEffect(() => {
    if (active >= 0) document.getElementById(`${id}-choice-${active}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, active]);

  const run = (next: string): void => {
    setCaret(undefined);
    onRun(next.trim());
  };
  const take = (choice: Choice): void => {
    if (spot === undefined) return;
    const next = withChoice(text, spot, choice.text);
    setText(next.text);
    setActive(-1);
    // The caret can be placed once the field holds the new text.
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(next.caret, next.caret);
      setCaret(next.caret);
    });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const chosen = choices[active];
    if (event.key === 'Enter' && !event.shiftKey) {
      if (chosen === undefined) run(text);
      else take(chosen);
    } else if (event.key === 'Tab' && open && !event.shiftKey && chosen !== undefined) take(chosen);
    else if (event.key === 'ArrowDown' && open) setActive((active + 1) % choices.length);
    else if (event.key === 'ArrowUp' && open) setActive((active <= 0 ? choices.length : active) - 1);
    else if (event.key === 'Escape' && open) setCaret(undefined);
    else return;
    event.preventDefault();
  };
  const look = (): void => {
    setCaret(area.current?.selectionStart ?? undefined);
    setActive(-1);
  };
  return (
    <div className={styles.bar}>
      <div className={styles.barLine}>
        <div className={styles.field} data-text={text}>
          <textarea
            ref={area}
            className={styles.input}
            rows={1}
            maxLength={4096}
            spellCheck={false}
            autoCapitalize="off"
            autoCorrect="off"
            aria-label="Hunt for events"
            aria-haspopup="listbox"
            aria-controls={`${id}-choices`}
            aria-autocomplete="list"
            aria-invalid={error !== null}
            aria-describedby={error === null ? undefined : `${id}-error`}
            aria-activedescendant={active < 0 ? undefined : `${id}-choice-${active}`}
            placeholder="All events. For example: process.name = nc and user.id = 0"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setCaret(event.target.selectionStart);
              setActive(-1);
            }}
            onKeyDown={onKeyDown}
            onClick={look}
            onFocus={look}
            onBlur={() => setCaret(undefined)}
          />
        </div>
        <Button look="primary" onClick={() => run(text)} disabled={busy}>
          {busy ? 'Searching…' : 'Hunt'}
        </Button>
      </div>
      <div
        id={`${id}-choices`}
        role="listbox"
        aria-label="What could stand here"
        className={styles.choices}
        hidden={!open}
      >
        {choices.map((choice, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text, which names the active option
          // biome-ignore lint/a11y/useKeyWithClickEvents: its keys are those of the text
          <div
            key={choice.text}
            id={`${id}-choice-${index}`}
            role="option"
            aria-selected={index === active}
            className={styles.choice}
            // Before the text loses the focus.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(choice)}
          >
            <code>{choice.text}</code>
            <span>{choice.about}</span>
          </div>
        ))}
      </div>
      {error === null ? null : <Mistake id={`${id}-error`} text={q} error={error} onFix={run} />}
    </div>
  );
};

type MistakeProps = {
  readonly id: string;
  readonly text: string;
  readonly error: Error;
  readonly onFix: (q: string) => void;
};

/** What is wrong with a hunt, where, and what would be right there. */
const Mistake = ({ id, text, error, onFix }: MistakeProps) => {
  const { at, suggestions } = placeOf(error);
  const word = at === undefined ? '' : (/^[^\s()=<>!~,"']+/.exec(text.slice(at))?.[0] ?? '');
  return (
    <div id={id} role="alert" className={styles.mistake}>
      <p>{error.message}</p>
      {at === undefined ? null : (
        <p>
          <code>
            {text.slice(Math.max(0, at - 60), at)}
            <mark>{word === '' ? text.slice(at, at + 1) || '␣' : word}</mark>
            {text.slice(at + Math.max(1, word.length), at + 60)}
          </code>
        </p>
      )}
      {at === undefined || suggestions.length === 0 ? null : (
        <p className={styles.fixes}>
          {suggestions.slice(0, 5).map((each) => (
            <Button
              key={each}
              small
              onClick={() =>
                onFix(`${text.slice(0, at)}${word === '' ? ` ${each} ` : each}${text.slice(at + word.length)}`)
              }
            >
              {each}
            </Button>
          ))}
        </p>
      )}
    </div>
  );
};

const placeOf = (error: Error): { readonly at: number | undefined; readonly suggestions: readonly string[] } => {
  const details = error instanceof ApiFailure ? error.details : {};
  const { at, suggestions } = details;
  return {
    at: typeof at === 'number' ? at : undefined,
    suggestions: Array.isArray(suggestions) ? suggestions.map(String) : [],
  };
};

/** Choices at the caret; values of a field are the most frequent ones of the span that is looked at. */
const useChoices = (spot: Spot | undefined, span: Span): readonly Choice[] => {
  const field = spot?.kind === 'value' ? spot.field : undefined;
  const known = field === undefined ? undefined : fixedValues(field);
  const { data } = useQuery({
    ...apiQuery('hunt.values', { query: { q: '', ...span, field: field ?? 'event.action', limit: 100 } }),
    placeholderData: keepPreviousData,
    enabled: field !== undefined && known === undefined,
  });
  return useMemo(() => {
    if (spot === undefined) return [];
    const counted = data?.values.map(({ value, count }) => ({
      text: valueText(value),
      about: `${formatCount(count)} ${count === 1 ? 'event' : 'events'}`,
    }));
    return choicesAt(spot, known ?? (field === undefined ? [] : (counted ?? [])));
  }, [spot, data, known, field]);
};

const truths: readonly Choice[] = [{ text: 'true' }, { text: 'false' }];

const fixedValues = (field: FieldName): readonly Choice[] | undefined => {
  const { type } = telemetryFields[field];
  if (type === 'boolean') return truths;
  return type === 'time' ? [] : undefined;
};
