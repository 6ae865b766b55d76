import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { FileDrop } from '../../components/file-drop.tsx';
import { Progress } from '../../components/progress.tsx';
import { InlineError } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { useNotify } from '../../components/toasts.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatBytes } from '../../lib/format.ts';
import { useProgramCall } from '../../lib/program-call.ts';
import { uploadFeedBundle } from '../../lib/upload.ts';
import styles from './settings.module.css';

/** A bundle from a file, for consoles without a way to the publishers. */
export const FeedImport = () => {
  const { upload, share, stop } = useFeedUpload();
  const command = useProgramCall();
  const take = (file: File): void => {
    if (!upload.isPending) upload.mutate(file);
  };
  return (
    <div>
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
        <FileDrop
          label="Feed bundle"
          accept=".zip,.gz,.tgz,.zst,.tzst"
          title="Choose a bundle, or drop it here"
          note="zip, tar.gz or tar.zst. Every member is checked first; a broken bundle changes nothing."
          onFile={take}
        />
      )}
      <InlineError error={upload.error} />
      <p className={text.minor}>
        On the console’s host: <code>{command} feeds import FILE</code>
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
