import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/progress.tsx';
import { InlineError } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { useNotify } from '../../components/toasts.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatBytes } from '../../lib/format.ts';
import { uploadFeedBundle } from '../../lib/upload.ts';
import styles from './settings.module.css';

/** A bundle from a file, for consoles without a way to the publishers. */
export const FeedImport = () => {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const { upload, share, stop } = useFeedUpload();
  const take = (file: File | undefined): void => {
    if (file !== undefined && !upload.isPending) upload.mutate(file);
  };
  return (
    <div>
      <input
        ref={input}
        type="file"
        hidden
        accept=".zip,.gz,.tgz,.zst,.tzst"
        aria-label="Feed bundle"
        onChange={(event) => {
          take(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      {upload.isPending ? (
        <div className={styles.busy}>
          <span>
            {share < 1 ? 'Sending' : 'The console checks'} {upload.variables?.name} (
            {formatBytes(upload.variables?.size ?? 0)})
          </span>
          <Progress label="Upload" share={share < 1 ? share : undefined} />
          <Button small onClick={stop}>
            Stop
          </Button>
        </div>
      ) : (
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
          <b>Choose a bundle, or drop it here</b>
          <span>zip, tar.gz or tar.zst. Every member is checked first; a broken bundle changes nothing.</span>
        </button>
      )}
      <InlineError error={upload.error} />
      <p className={text.minor}>
        On the console’s host: <code>./parapet feeds import FILE</code>
      </p>
    </div>
  );
};

const useFeedUpload = () => {
  const client = useQueryClient();
  const notify = useNotify();
  const [share, setShare] = useState(0);
  const abort = useRef<AbortController>(null);
  const upload = useMutation({
    mutationFn: (file: File) => {
      setShare(0);
      abort.current = new AbortController();
      return uploadFeedBundle(file, setShare, abort.current.signal);
    },
    onSuccess: async (status) => {
      client.setQueryData(apiQuery('feeds.status').queryKey, status);
      notify.done('The bundle was taken', 'Stored packages are being matched with it.');
      await client.invalidateQueries({ queryKey: ['trust.get'] });
    },
  });
  return { upload, share, stop: () => abort.current?.abort() };
};
