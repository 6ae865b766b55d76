/** FAKE answers for people, tokens and the audit log. */
import type { User } from '@parapet/contract/api';
import type { FakeHandlers } from './fake-answers.ts';
import { ago, day, hour, idOf, minute } from './fake-seed.ts';

export const peopleAnswers = (empty: boolean): FakeHandlers => {
  const users: User[] = [
    {
      id: idOf('anna'),
      username: 'anna.keller',
      role: 'admin',
      scope: null,
      state: 'active',
      createdAt: ago(60 * day),
      lastSeenAt: ago(20_000),
    },
    {
      id: idOf('ben'),
      username: 'ben.ode',
      role: 'operator',
      scope: { team: ['shop'] },
      state: 'active',
      createdAt: ago(40 * day),
      lastSeenAt: ago(3 * hour),
    },
    {
      id: idOf('cleo'),
      username: 'cleo@example.org',
      role: 'viewer',
      scope: { env: ['production'], team: ['shop', 'platform'] },
      state: 'invited',
      createdAt: ago(hour),
    },
    {
      id: idOf('dan'),
      username: 'dan',
      role: 'viewer',
      scope: null,
      state: 'locked',
      createdAt: ago(9 * day),
      lastSeenAt: ago(day),
    },
  ];
  return {
    'users.list': () => ({ items: users }),
    'users.create': ({ body }) => {
      const user: User = {
        id: idOf('u', users.length),
        username: body.username,
        role: body.role,
        scope: body.scope,
        state: 'invited',
        createdAt: ago(0),
      };
      users.push(user);
      return { user, link: { url: 'https://console.internal:8443/link#invite-fake-secret', expiresAt: ago(-day) } };
    },
    'users.update': ({ params, body }) => {
      const user = users.find((item) => item.id === params.userId) as User;
      Object.assign(user, body);
      return user;
    },
    'users.reset': () => ({ url: 'https://console.internal:8443/link#reset-fake-secret', expiresAt: ago(-day) }),
    'users.delete': ({ params }) =>
      void users.splice(
        users.findIndex((item) => item.id === params.userId),
        1,
      ),
    'tokens.list': () => ({
      items: empty
        ? []
        : [
            {
              id: idOf('t1'),
              name: 'ci pipeline',
              role: 'viewer',
              permissions: ['findings:read', 'assets:read'],
              scope: { team: ['shop'] },
              createdBy: 'anna.keller',
              createdAt: ago(20 * day),
              expiresAt: ago(-70 * day),
              lastUsedAt: ago(4 * minute),
            },
            {
              id: idOf('t2'),
              name: 'grafana',
              role: 'viewer',
              permissions: ['system:read'],
              scope: null,
              createdBy: 'ben.ode',
              createdAt: ago(80 * day),
              expiresAt: ago(-3 * day),
            },
          ],
    }),
    'tokens.create': ({ body }) => ({
      token: {
        id: idOf('t9'),
        name: body.name,
        role: body.role,
        permissions: ['findings:read'],
        scope: body.scope,
        createdBy: 'anna.keller',
        createdAt: ago(0),
        expiresAt: ago(-90 * day),
      },
      secret: 'ppt_fake_3b1f9a7c5e',
    }),
    'tokens.revoke': () => undefined,
    'audit.list': ({ query }) => {
      const actions = [
        'session.create',
        'findings.accept',
        'enrolmentKeys.create',
        'users.create',
        'sensor.enrol',
        'feeds.update',
        'assets.get',
      ];
      const rows = Array.from({ length: empty ? 1 : 240 }, (_, index) => ({
        id: String(9000 - index),
        at: ago(index * 13 * minute),
        actor:
          index % 5 === 4
            ? { kind: 'sensor' as const, name: 'edge-01' }
            : index % 7 === 3
              ? { kind: 'anonymous' as const, name: '203.0.113.77' }
              : { kind: 'user' as const, name: index % 2 === 0 ? 'anna.keller' : 'ben.ode' },
        action: actions[index % actions.length] ?? 'session.create',
        outcome: index % 7 === 3 ? ('refused' as const) : ('succeeded' as const),
        target: index % 3 === 0 ? 'libssl3 on edge-01' : 'edge fleet',
        address: '10.8.0.7',
        details: index % 7 === 3 ? { reason: 'The key is revoked.' } : { count: index },
      })).filter(
        (row) =>
          (query.outcome === undefined || row.outcome === query.outcome) &&
          (query.q === undefined || `${row.action} ${row.actor.name} ${row.target}`.includes(query.q)),
      );
      const start = Number(query.after ?? 0);
      const items = rows.slice(start, start + query.limit);
      return {
        items,
        ...(start + items.length < rows.length ? { next: String(start + items.length) } : {}),
        total: rows.length,
        totalIsMinimum: false,
      };
    },
  };
};
