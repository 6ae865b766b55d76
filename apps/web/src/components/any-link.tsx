import { Link } from '@tanstack/react-router';
import type { ComponentProps, MouseEvent, ReactNode } from 'react';
import { type PanelTarget, pageOf } from '../lib/panel-target.ts';
import { parseSearch } from '../lib/search-params.ts';
import { usePanel } from '../lib/view-state.ts';

type AnyLinkProps = Omit<ComponentProps<'a'>, 'href'> & {
  /** A path inside the application with its search, e.g. `/findings?package=openssl`. */
  readonly to: string;
};

/** A link whose address is a text, as the console gives them. An address outside the application opens apart. */
export const AnyLink = ({ to, ...rest }: AnyLinkProps) => {
  if (!to.startsWith('/') || to.startsWith('//')) {
    return <a href={/^https?:\/\//.test(to) ? to : undefined} target="_blank" rel="noreferrer noopener" {...rest} />;
  }
  const [path = '/', search = ''] = to.split('?', 2);
  return (
    <Link to={path as never} search={parseSearch(search) as never} activeOptions={exactly} {...(rest as object)} />
  );
};

const exactly = { exact: true, includeSearch: true } as const;

type PanelLinkProps = {
  readonly target: PanelTarget;
  readonly children: ReactNode;
  readonly className?: string | undefined;
};

/** Opens a thing in the drill-down panel; with a modifier key or the middle button its page opens apart. */
export const PanelLink = ({ target, children, className }: PanelLinkProps) => {
  const panel = usePanel();
  const page = pageOf(target);
  const open = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    panel.open(target);
  };
  if (page === undefined) {
    return (
      <button type="button" className={className} onClick={open}>
        {children}
      </button>
    );
  }
  return (
    <AnyLink to={page} className={className} onClick={open}>
      {children}
    </AnyLink>
  );
};
