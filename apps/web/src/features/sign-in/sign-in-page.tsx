import type { Session } from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CommandBlock } from '../../components/copy.tsx';
import { TextField } from '../../components/field.tsx';
import { Failure, InlineError, Skeleton } from '../../components/states.tsx';
import { apiQuery, useApiMutation } from '../../lib/api.ts';
import { sessionQuery } from '../../lib/session.ts';
import { Frame } from './frame.tsx';
import styles from './sign-in.module.css';

/** Signing in; while there is no admin yet, how to make one. */
export const SignInPage = () => {
  const setup = useQuery(apiQuery('setup.get'));
  if (setup.error !== null) {
    return (
      <Frame title="Sign in">
        <Failure what="The console could not be asked" error={setup.error} retry={() => void setup.refetch()} />
      </Frame>
    );
  }
  if (setup.data === undefined) {
    return (
      <Frame title="Sign in">
        <Skeleton label="the sign-in page" lines={3} />
      </Frame>
    );
  }
  return setup.data.needed ? <SetupNeeded command={setup.data.command} /> : <SignInForm />;
};

const SetupNeeded = ({ command }: { readonly command: string }) => (
  <Frame
    title="This console has no admin yet"
    lead="The first admin is made by a one-time link, which the console printed when it started. It is good for 24 hours. To get a new one, run this on the console’s host:"
  >
    <div className={styles.block}>
      <CommandBlock commands={[`${command} admin link`]} />
    </div>
    <p className={styles.lead}>Then open the link it prints in this browser.</p>
  </Frame>
);

const SignInForm = () => {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const enter = useEnter();
  const signIn = useApiMutation('session.create', enter);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate({ body: { username, password } });
  };
  return (
    <Frame title="Sign in">
      <form onSubmit={submit}>
        <TextField
          label="Name"
          autoComplete="username"
          value={username}
          onChange={setUsername}
          required
          maxLength={64}
        />
        <TextField
          label="Password"
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          required
          maxLength={256}
        />
        <InlineError error={signIn.error} />
        <Button type="submit" look="primary" className={styles.submit} disabled={signIn.isPending}>
          {signIn.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
    </Frame>
  );
};

/** Goes to where the person wanted to, with a fresh session. */
const useEnter = (): ((session: Session) => void) => {
  const client = useQueryClient();
  const router = useRouter();
  const { to } = useSearch({ strict: false }) as { to?: string };
  return (session) => {
    client.clear();
    client.setQueryData(sessionQuery().queryKey, session);
    void router.navigate({ href: to === undefined || to.startsWith('//') ? '/' : to });
  };
};
