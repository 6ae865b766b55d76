import type { ApiToken } from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { z } from 'zod';
import { Button } from '../../components/button.tsx';
import { CommandBlock } from '../../components/copy.tsx';
import { Modal, ModalActions } from '../../components/modal.tsx';
import { Page } from '../../components/page.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { apiQuery, useApiMutation } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { formatScope } from '../../lib/labels.ts';
import { useMay } from '../../lib/session.ts';
import { TokenForm } from './token-form.tsx';

type Token = z.infer<typeof ApiToken>;

/** Tokens for programs: each with an end, a role, and perhaps a scope. */
export const TokensPage = () => {
  const mayWrite = useMay('people:write');
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string>();
  const { data, error, refetch } = useQuery(apiQuery('tokens.list'));
  const close = (): void => {
    setMaking(false);
    setSecret(undefined);
  };
  return (
    <Page
      name="API tokens"
      title={data === undefined ? 'API tokens' : plural(data.items.length, 'API token')}
      subline="For programs. The API is described at /api/openapi.json; a token goes into the header Authorization: Bearer."
      tools={
        mayWrite ? (
          <Button look="primary" onClick={() => setMaking(true)}>
            Make a token…
          </Button>
        ) : null
      }
    >
      {error !== null && data === undefined ? (
        <Failure what="The tokens could not be fetched" error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton label="tokens" />
      ) : data.items.length === 0 ? (
        <Empty title="No tokens">
          A token lets a program read findings or start scans, in its scope and for a limited time.
        </Empty>
      ) : (
        <SimpleTable
          label="API tokens"
          columns={[...columns, revokeColumn(mayWrite)]}
          rows={data.items}
          rowKey={({ id }) => id}
        />
      )}
      <Modal
        open={making}
        onOpenChange={(open) => open || close()}
        title={secret === undefined ? 'Make a token' : 'Your new token'}
        description={secret === undefined ? undefined : 'It is shown now and never again.'}
      >
        {secret === undefined ? (
          <TokenForm close={close} done={setSecret} />
        ) : (
          <>
            <CommandBlock commands={[secret]} label="Token" />
            <ModalActions>
              <Button look="primary" onClick={close}>
                Done
              </Button>
            </ModalActions>
          </>
        )}
      </Modal>
    </Page>
  );
};

const columns = [
  {
    id: 'name',
    header: 'Name',
    cell: (token: Token) => (
      <>
        <span className={text.name}>{token.name}</span>
        <div className={text.minor}>by {token.createdBy}</div>
      </>
    ),
  },
  { id: 'role', header: 'Role', cell: (token: Token) => token.role },
  {
    id: 'scope',
    header: 'Sees',
    wideOnly: true,
    cell: (token: Token) => (
      <span className={text.muted}>
        {token.scope === null ? 'everything' : formatScope(token.scope).replaceAll('\n', ' and ')}
      </span>
    ),
  },
  {
    id: 'used',
    header: 'Last used',
    wideOnly: true,
    cell: (token: Token) => (token.lastUsedAt === undefined ? 'never' : <Time at={token.lastUsedAt} />),
  },
  {
    id: 'state',
    header: 'State',
    cell: (token: Token) =>
      token.revokedAt !== undefined ? (
        <span className={text.muted}>
          revoked <Time at={token.revokedAt} />
        </span>
      ) : (
        <>
          {Date.parse(token.expiresAt) < Date.now() ? 'expired ' : 'ends '}
          <Time at={token.expiresAt} />
        </>
      ),
  },
];

const revokeColumn = (mayWrite: boolean) => ({
  id: 'revoke',
  header: 'Revoke',
  hiddenHeader: true,
  align: 'end' as const,
  cell: (token: Token) => (mayWrite && token.revokedAt === undefined ? <Revoke token={token} /> : null),
});

/** A revoked token cannot come back, so this asks once. */
const Revoke = ({ token }: { readonly token: Token }) => {
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const notify = useNotify();
  const revoke = useApiMutation('tokens.revoke', () => {
    setAsking(false);
    notify.done(`${token.name} is revoked`);
    return client.invalidateQueries({ queryKey: ['tokens.list'] });
  });
  return (
    <>
      <Button small onClick={() => setAsking(true)}>
        Revoke…
      </Button>
      <Modal
        open={asking}
        onOpenChange={setAsking}
        title={`Revoke ${token.name}`}
        description="Whatever uses it is refused from now on. This cannot be undone."
      >
        <ModalActions>
          <Button onClick={() => setAsking(false)}>Cancel</Button>
          <Button
            look="danger"
            disabled={revoke.isPending}
            onClick={() =>
              revoke.mutate(
                { params: { tokenId: token.id } },
                { onError: (error) => notify.failed('The token is still good', error) },
              )
            }
          >
            Revoke
          </Button>
        </ModalActions>
      </Modal>
    </>
  );
};
