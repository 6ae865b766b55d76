import { Search } from 'lucide-react';
import { type HTMLAttributes, type HTMLInputTypeAttribute, type ReactNode, useEffect, useId, useState } from 'react';
import styles from './field.module.css';

type TextFieldProps = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  readonly type?: HTMLInputTypeAttribute;
  readonly autoComplete?: string;
  readonly required?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly min?: number | string;
  readonly max?: number | string;
  readonly placeholder?: string;
  readonly multiline?: boolean;
  readonly mono?: boolean;
  readonly inputMode?: HTMLAttributes<HTMLInputElement>['inputMode'];
};

/** A labelled input with its hint and error tied to it. */
export const TextField = ({
  label,
  value,
  onChange,
  hint,
  error,
  multiline = false,
  mono = false,
  ...rest
}: TextFieldProps) => {
  const id = useId();
  const described = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`].join(' ').trim();
  const shared = {
    id,
    value,
    className: `${styles.input} ${mono ? styles.mono : ''}`,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
    'aria-invalid': error !== undefined,
    ...(described === '' ? {} : { 'aria-describedby': described }),
  };
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      {multiline ? <textarea {...shared} {...textareaProps(rest)} /> : <input {...shared} {...rest} />}
      {hint === undefined ? null : (
        <span id={`${id}-hint`} className={styles.hint}>
          {hint}
        </span>
      )}
      {error === undefined ? null : (
        <span id={`${id}-error`} className={styles.error}>
          {error}
        </span>
      )}
    </div>
  );
};

type SelectFieldProps<T extends string> = {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
  readonly hint?: ReactNode;
};

export const SelectField = <T extends string>({ label, value, options, onChange, hint }: SelectFieldProps<T>) => {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      <select id={id} className={styles.input} value={value} onChange={(event) => onChange(event.target.value as T)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {hint === undefined ? null : <span className={styles.hint}>{hint}</span>}
    </div>
  );
};

type CheckFieldProps = {
  readonly label: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
};

export const CheckField = ({ label, checked, onChange }: CheckFieldProps) => (
  <label className={styles.check}>
    <input
      type="checkbox"
      className={styles.box}
      checked={checked}
      onChange={(event) => onChange(event.target.checked)}
    />
    <span>{label}</span>
  </label>
);

type SearchFieldProps = {
  readonly label: string;
  readonly value: string;
  /** Called when typing has paused. */
  readonly onSearch: (value: string) => void;
};

/** Filters a list while typing; waits for a pause so that not every letter is a request. */
export const SearchField = ({ label, value, onSearch }: SearchFieldProps) => {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onSearch(text), 250);
    return () => clearTimeout(timer);
  }, [text, value, onSearch]);
  return (
    <span className={styles.search}>
      <Search size={14} aria-hidden />
      <input
        type="search"
        className={styles.input}
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </span>
  );
};

const textareaProps = ({ required, minLength, maxLength, placeholder }: Partial<TextFieldProps>) => ({
  required,
  minLength,
  maxLength,
  placeholder,
});
