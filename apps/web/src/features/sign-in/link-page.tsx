import type { ResultOf } from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { Button, buttonClass } from '../../components/button.tsx';
import { CommandBlock } from '../../components/copy.tsx';
import { TextField } from '../../components/field.tsx';
import { Failure, InlineError, Skeleton } from '../../components/states.tsx';
import { request, useApiMutation } from '../../lib/api.ts';
import { useProgramCall } from '../../lib/program-call.ts';
import { sessionQuery } from '../../lib/session.ts';
import { Frame } from './frame.tsx';
import styles from './sign-in.module.css';

/** A one-time link: the first admin, an invitation, or a reset password. Its secret is the URL's fragment. */
export const LinkPage = () => {
  const [secret] = useState(takeSecret);
  const link = useQuery({
    queryKey: ['links.inspect'],
    queryFn: () => request('links.inspect', { body: { secret } }),
    enabled: secret !== '',
    retry: false,
    gcTime: 0,
  });
  if (secret === '') {
    return (
      <Frame
        title="This link is incomplete"
        lead="Its secret part, after the #, is missing. Copy the whole link and open it again."
      >
        <NewLink />
      </Frame>
    );
  }
  if (link.error !== null) {
    return (
      <Frame title="This link cannot be used">
        <Failure what="The console refused it" error={link.error} />
        <NewLink />
      </Frame>
    );
  }
  if (link.data === undefined) {
    return (
      <Frame title="Opening the link">
        <Skeleton label="the link" lines={3} />
      </Frame>
    );
  }
  return <LinkForm secret={secret} link={link.data} />;
};

const NewLink = () => {
  const command = useProgramCall();
  return (
    <>
      <p className={styles.lead}>
        A link can be used once and for a limited time. Ask an admin for a new one; for the first admin, run this on the
        console’s host:
      </p>
      <div className={styles.block}>
        <CommandBlock commands={[`${command} admin link`]} />
      </div>
      <AnyLink to="/sign-in" className={buttonClass()}>
        To the sign-in page
      </AnyLink>
    </>
  );
};

type Link = ResultOf<'links.inspect'>;

const words: Readonly<Record<Link['purpose'], { title: string; lead: string; act: string }>> = {
  'first-admin': {
    title: 'Create the first admin',
    lead: 'This account sees and changes everything. Others are invited from Settings.',
    act: 'Create admin and open Parapet',
  },
  invitation: { title: 'You are invited', lead: 'Choose a password to sign in.', act: 'Set password and sign in' },
  reset: { title: 'Set a new password', lead: 'All your sessions end.', act: 'Set password and sign in' },
};

const LinkForm = ({ secret, link }: { readonly secret: string; readonly link: Link }) => {
  const [username, setUsername] = useState(link.username ?? '');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const client = useQueryClient();
  const router = useRouter();
  const use = useApiMutation('links.use', (session) => {
    client.clear();
    client.setQueryData(sessionQuery().queryKey, session);
    void router.navigate({ to: link.purpose === 'first-admin' ? '/map' : '/' });
  });
  const { title, lead, act } = words[link.purpose];
  const differs = again !== '' && again !== password;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!differs) use.mutate({ body: { secret, password, ...(link.username === undefined ? { username } : {}) } });
  };
  return (
    <Frame title={title} lead={lead}>
      <form onSubmit={submit}>
        {link.username === undefined ? (
          <TextField
            label="Name"
            autoComplete="username"
            hint="Letters, digits and . _ @ + -"
            value={username}
            onChange={setUsername}
            required
            minLength={2}
            maxLength={64}
          />
        ) : (
          <p className={styles.lead}>
            Your name is <b>{link.username}</b>.
          </p>
        )}
        <TextField
          label="Password"
          type="password"
          autoComplete="new-password"
          hint="At least 12 characters. A few unrelated words are good."
          value={password}
          onChange={setPassword}
          required
          minLength={12}
          maxLength={256}
        />
        <TextField
          label="Password, again"
          type="password"
          autoComplete="new-password"
          error={differs ? 'The two passwords differ.' : undefined}
          value={again}
          onChange={setAgain}
          required
          maxLength={256}
        />
        <InlineError error={use.error} />
        <Button type="submit" look="primary" className={styles.submit} disabled={use.isPending || differs}>
          {act}
        </Button>
      </form>
    </Frame>
  );
};

/** Reads the secret and takes it out of the address bar and the history; kept in memory only. */
const takeSecret = (): string => {
  const secret = window.location.hash.slice(1);
  if (secret === '') return taken;
  taken = secret;
  window.history.replaceState(window.history.state, '', window.location.pathname);
  return secret;
};

let taken = '';
