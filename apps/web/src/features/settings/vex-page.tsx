import type { VexDocumentItem } from '@parapet/contract/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from '../../components/button.tsx';
import { FileDrop } from '../../components/file-drop.tsx';
import { Page } from '../../components/page.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Empty, Failure, InlineError, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { api, apiQuery, request } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { useMay, useSession } from '../../lib/session.ts';
import { vexFormatNames } from '../../lib/words.ts';

/** The documents by which publishers say what matters: what each rules out, who gave it, for which assets. */
export const VexPage = () => {
  const { data, error, refetch } = useQuery({
    ...apiQuery('vex.list'),
    refetchInterval: ({ state }) => ((state.data?.waiting ?? 0) > 0 ? 2000 : false),
  });
  const mayWrite = useMay('findings:write');
  return (
    <Page
      name="VEX documents"
      title={data === undefined ? 'VEX documents' : titleOf(data.items)}
      subline="A publisher’s word on what matters where. What is not affected or fixed is ruled out, with the reason; when the document goes, its findings return."
    >
      {mayWrite ? <Upload /> : null}
      {(data?.waiting ?? 0) > 0 ? (
        <p role="status" className={text.muted}>
          The findings of {plural(data?.waiting ?? 0, 'asset')} are being looked at again.
        </p>
      ) : null}
      {error !== null && data === undefined ? (
        <Failure what="The documents could not be fetched" error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton label="VEX documents" />
      ) : data.items.length === 0 ? (
        <Empty title="No documents">
          Vendors publish them beside their images and packages. OpenVEX, CSAF 2.0 and CycloneDX are read. Your own come
          from Findings, Export.
        </Empty>
      ) : (
        <>
          <SimpleTable label="VEX documents" columns={columns} rows={data.items} rowKey={({ id }) => id} />
          <p className={text.minor}>
            When several speak of one finding, a word on the image that was scanned goes before a word on the package
            anywhere; of one author the latest counts; between authors the most cautious one.
          </p>
        </>
      )}
    </Page>
  );
};

const titleOf = (items: readonly VexDocumentItem[]): string => {
  const out = items.reduce((sum, item) => sum + (item.ruledOut ?? 0), 0);
  return out === 0
    ? plural(items.length, 'VEX document')
    : `${plural(out, 'finding')} ruled out by ${plural(items.length, 'VEX document')}`;
};

const Upload = () => {
  const client = useQueryClient();
  const notify = useNotify();
  const { user } = useSession();
  const upload = useMutation({
    mutationFn: (file: File) => api.call('vex.upload', { query: { name: file.name.slice(-256) }, stream: file }),
    onSuccess: async ({ outcome, document, assets }) => {
      if (outcome === 'unchanged') notify.done('This document is here already', document.documentId);
      else
        notify.done(
          outcome === 'new' ? 'The document was taken' : 'The document took its predecessor’s place',
          `${plural(document.statements, 'statement')}. The findings of ${plural(assets, 'asset')} are looked at again.`,
        );
      await client.invalidateQueries({ queryKey: ['vex.list'] });
    },
  });
  return (
    <div>
      {upload.isPending ? (
        <p role="status">The console reads {upload.variables.name}</p>
      ) : (
        <FileDrop
          label="VEX document"
          accept=".json"
          title="Choose a document, or drop it here"
          note={`OpenVEX, CSAF or CycloneDX as JSON, at most 8 MiB. It speaks for ${user.scope === null ? 'all assets' : 'the assets that you see'}. One with the same id takes the place of the former.`}
          onFile={(file) => upload.mutate(file)}
        />
      )}
      <InlineError error={upload.error} />
    </div>
  );
};

const columns = [
  {
    id: 'document',
    header: 'Document',
    cell: (item: VexDocumentItem) => (
      <>
        <a href={api.url('vex.download', { params: { vexId: item.id } })} download className={text.name}>
          {item.name}
        </a>
        <div className={text.minor}>{item.documentId}</div>
      </>
    ),
  },
  {
    id: 'author',
    header: 'Says',
    cell: (item: VexDocumentItem) => (
      <>
        {item.author ?? 'No author named'}
        <div className={text.minor}>
          {vexFormatNames[item.format]}, {plural(item.statements, 'statement')}
        </div>
      </>
    ),
  },
  {
    id: 'effect',
    header: 'Here',
    cell: (item: VexDocumentItem) =>
      item.ruledOut === undefined ? (
        <span className={text.muted}>speaks for the whole fleet</span>
      ) : (
        <>
          {item.ruledOut === 0 ? 'rules out nothing' : `rules out ${plural(item.ruledOut, 'finding')}`}
          {(item.otherwiseSpoken ?? 0) === 0 ? null : (
            <div className={text.minor}>says more of {plural(item.otherwiseSpoken ?? 0, 'open finding')}</div>
          )}
        </>
      ),
  },
  {
    id: 'scope',
    header: 'For',
    wideOnly: true,
    cell: (item: VexDocumentItem) =>
      item.scope === null
        ? 'all assets'
        : Object.entries(item.scope)
            .map(([label, values]) => `${label}=${values.join('|')}`)
            .join(', '),
  },
  {
    id: 'uploaded',
    header: 'Given',
    wideOnly: true,
    cell: (item: VexDocumentItem) => (
      <>
        <Time at={item.uploadedAt} />
        <div className={text.minor}>by {item.uploadedBy}</div>
      </>
    ),
  },
  {
    id: 'remove',
    header: 'Remove',
    hiddenHeader: true,
    align: 'end' as const,
    cell: (item: VexDocumentItem) => <Remove item={item} />,
  },
];

const Remove = ({ item }: { readonly item: VexDocumentItem }) => {
  const mayWrite = useMay('findings:write');
  const { user } = useSession();
  const client = useQueryClient();
  const notify = useNotify();
  const refresh = () => client.invalidateQueries({ queryKey: ['vex.list'] });
  const remove = useMutation({
    mutationFn: async () => {
      const kept = await fetch(api.url('vex.download', { params: { vexId: item.id } }));
      const document = kept.ok ? await kept.blob() : undefined;
      await request('vex.remove', { params: { vexId: item.id } });
      return document;
    },
    onSuccess: (document) => {
      const title = `${item.name} is removed; what it ruled out returns`;
      // Given back, it would speak for other assets than before.
      if (document === undefined || (user.scope === null && item.scope !== null)) notify.done(title);
      else
        notify.undoable(title, () => {
          void api
            .call('vex.upload', { query: { name: item.name }, stream: document })
            .catch((error: Error) => notify.failed(`${item.name} could not be given back`, error))
            .then(refresh);
        });
      return refresh();
    },
  });
  if (!mayWrite || !item.mayRemove) return null;
  return (
    <Button
      small
      disabled={remove.isPending}
      aria-label={`Remove ${item.name}`}
      onClick={() =>
        remove.mutate(undefined, { onError: (error) => notify.failed('The document is still here', error) })
      }
    >
      Remove
    </Button>
  );
};
