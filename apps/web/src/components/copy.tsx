import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { shortId } from '../lib/format.ts';
import { IconButton } from './button.tsx';
import styles from './copy.module.css';

/** Copies a text and says so for two seconds. */
export const CopyButton = ({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) => {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <IconButton
      small
      label={copied ? 'Copied' : label}
      icon={copied ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
    />
  );
};

/** A shortened id with the whole one on hover and to copy. */
export const IdText = ({ id, shown = shortId(id) }: { readonly id: string; readonly shown?: string }) => (
  <span className={styles.id} title={id}>
    {shown}
    <CopyButton text={id} label="Copy the whole id" />
  </span>
);

/** Commands to run elsewhere, one under the other, copied together. */
export const CommandBlock = ({
  commands,
  label,
}: {
  readonly commands: readonly string[];
  readonly label?: string;
}) => (
  <div className={styles.block}>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long command scrolls, also by keyboard */}
    <section tabIndex={0} aria-label={label ?? 'Commands'}>
      <pre>{commands.join('\n')}</pre>
    </section>
    <CopyButton text={commands.join('\n')} label={commands.length === 1 ? 'Copy the command' : 'Copy the commands'} />
  </div>
);
