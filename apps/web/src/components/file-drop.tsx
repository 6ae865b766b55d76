import { useRef, useState } from 'react';
import styles from './file-drop.module.css';

type FileDropProps = {
  /** Names the field of the file. */
  readonly label: string;
  /** Endings, comma-separated. */
  readonly accept: string;
  readonly title: string;
  /** What is taken and what happens to it. */
  readonly note: string;
  readonly onFile: (file: File) => void;
};

/** A place to choose a file by, or to drop it on. */
export const FileDrop = ({ label, accept, title, note, onFile }: FileDropProps) => {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = (file: File | undefined): void => {
    if (file !== undefined) onFile(file);
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        aria-label={label}
        onChange={(event) => {
          take(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      <button
        type="button"
        className={styles.drop}
        data-over={over}
        onClick={() => input.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer.files[0]);
        }}
      >
        <b>{title}</b>
        <span>{note}</span>
      </button>
    </>
  );
};
