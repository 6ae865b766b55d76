/** State, apart from severity. Each has its own shape. */
export type Tone = 'ok' | 'warn' | 'bad' | 'none';

export const ToneMark = ({ tone, label }: { readonly tone: Tone; readonly label?: string }) =>
  label === undefined ? (
    <svg width="9" height="9" viewBox="0 0 10 10" aria-hidden>
      {shapes[tone]}
    </svg>
  ) : (
    <svg width="9" height="9" viewBox="0 0 10 10" role="img" aria-label={label}>
      {shapes[tone]}
    </svg>
  );

const shapes: Readonly<Record<Tone, React.ReactNode>> = {
  ok: <circle cx="5" cy="5" r="4" fill="var(--ok)" />,
  warn: <path d="M5 .6 9.7 9.2H.3z" fill="var(--warn)" />,
  bad: <path d="M5 0l5 5-5 5-5-5z" fill="var(--bad)" />,
  none: <circle cx="5" cy="5" r="3.4" fill="none" stroke="var(--faint)" strokeWidth="1.6" strokeDasharray="2 1.6" />,
};
