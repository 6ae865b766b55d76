import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { apiQuery } from '../lib/api.ts';
import { scopeWords } from '../lib/labels.ts';
import { useMay, useSession } from '../lib/session.ts';
import { AnyLink } from './any-link.tsx';
import { buttonClass } from './button.tsx';
import { Empty } from './states.tsx';

/** An empty page because no host reports, or none that the person may see. `children` says what will be here. */
export const NoHosts = ({ children }: { readonly children: ReactNode }) => {
  const { scope } = useSession().user;
  const mayAdd = useMay('sensors:write');
  const { data: trust } = useQuery(apiQuery('trust.get'));
  if ((trust?.hosts.total ?? 0) > 0) return <Empty title="Nothing here yet">{children}</Empty>;
  if (scope !== null) {
    return (
      <Empty title="Nothing lies in your scope">
        You see only assets with {scopeWords(scope)}, and none reports. Labels and scopes are set by an admin.
      </Empty>
    );
  }
  if (!mayAdd) return <Empty title="No host reports yet">{children} An admin adds hosts.</Empty>;
  return (
    <Empty
      title="No host reports yet"
      actions={
        <AnyLink to="/sensors/add" className={buttonClass('primary')}>
          Add a host
        </AnyLink>
      }
    >
      {children}
    </Empty>
  );
};
