import type { Permission, ResultOf } from '@parapet/contract/api';
import { settingsPages } from '../lib/settings-pages.ts';
import { pages } from './pages.ts';

/** One line of the palette. `to` is where it leads; `run` is what it does instead. */
export type Command = {
  readonly id: string;
  readonly icon:
    | 'page'
    | 'act'
    | 'host'
    | 'container'
    | 'image'
    | 'upload'
    | 'finding'
    | 'package'
    | 'vulnerability'
    | 'process';
  readonly title: string;
  readonly detail: string;
  readonly words: string;
  readonly to?: string;
  readonly run?: () => void;
  readonly needs?: Permission;
};

export const pageCommands: readonly Command[] = [
  ...pages.map((page) => ({ ...page, detail: 'Page' })),
  ...settingsPages.map((page) => ({ ...page, detail: 'Settings' })),
].map(({ to, label, words, detail, ...rest }) => ({
  ...{ id: `page:${to}`, icon: 'page', title: label, detail, words, to },
  ...('needs' in rest ? { needs: rest.needs } : {}),
}));

export const linkCommands: readonly Command[] = [
  {
    id: 'add-host',
    icon: 'act',
    title: 'Add a host',
    detail: 'Action',
    words: 'enroll sensor install new',
    to: '/sensors/add',
    needs: 'sensors:write',
  },
  {
    id: 'internet',
    icon: 'act',
    title: 'Findings that face the Internet',
    detail: 'View',
    words: 'exposed external',
    to: '/findings?exposure=internet',
  },
  {
    id: 'kev',
    icon: 'act',
    title: 'Findings that are exploited now',
    detail: 'View',
    words: 'kev known exploited',
    to: '/findings?exploited=kev',
  },
];

type Found = ResultOf<'search.all'>['items'][number];

/** Where a search result leads. */
export const commandOf = (found: Found): Command => ({
  id: `${found.kind}:${found.id}`,
  icon: found.kind,
  title: found.title,
  detail: found.detail,
  words: '',
  to: targetOf(found),
});

/** Where a package is, for any name or part of one. */
export const whereIs = (typed: string): readonly Command[] =>
  typed.trim() === ''
    ? []
    : [
        {
          id: 'where-is',
          icon: 'package',
          title: `Where is the package “${typed.trim()}”?`,
          detail: 'Packages',
          words: '',
          to: `/packages?q=${encodeURIComponent(typed.trim())}`,
        },
      ];

/** Commands whose title or words contain every word that was typed, in their own order. */
export const matching = (commands: readonly Command[], typed: string): readonly Command[] => {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter(({ title, words: extra }) => {
    const text = `${title} ${extra}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
};

const targetOf = ({ kind, id, title }: Found): string => {
  switch (kind) {
    case 'host':
    case 'container':
    case 'image':
    case 'upload':
      return `/assets/${id}`;
    case 'finding':
      return `/findings/${id}`;
    case 'package':
      return `/packages?q=${encodeURIComponent(title)}&match=exact`;
    case 'vulnerability':
      return `/findings?vulnerability=${encodeURIComponent(id)}&by=asset`;
    case 'process':
      return `/assets/${id}?tab=processes`;
  }
};
