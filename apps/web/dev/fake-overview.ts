/** FAKE overview. */
import type { Overview } from '@parapet/contract/api';
import { ago, chance, day, hour, idOf } from './fake-seed.ts';
import { bars, type FakeWorld } from './fake-world.ts';

export const overview = (world: FakeWorld): Overview => {
  const empty = world.hosts.length === 0;
  const sentence = [
    [
      '3 processes facing the Internet run a library that is being exploited now',
      'CVE-2026-31431 in libssl3 3.0.11-1, loaded by nginx on edge-01, edge-02, edge-03. Inbound from 4,120 addresses in the last hour.',
      'Upgrade libssl3',
    ],
    [
      'A container that may mount the host can be reached from the Internet in two hops',
      'ci-runner on build-02 is privileged, holds docker.sock, and talks to webhook on port 9000.',
      'See the path',
    ],
    [
      'curl in an image that 14 containers run has a public exploit',
      'CVE-2025-32724 in curl 7.88.1-10+deb12u4 of shop/api:4.18.2; its library is loaded by 6 processes.',
      'Upgrade curl',
    ],
    [
      'OpenSSH on 11 hosts is one release behind',
      'CVE-2024-31448 is fixed since 1:9.2p1-2+deb12u5; sshd listens only inside its own zone.',
      'Upgrade 11 hosts',
    ],
  ] as const;
  const risks = [97, 91, 66, 38];
  return {
    headline: empty ? 'Nothing to do yet: no host reports' : 'Two things need you today',
    subline: empty
      ? 'Add a host and get feeds, then the most exploitable problems appear here.'
      : `Of ${world.findings.length} open findings, these are the ones an attacker could use here, now. Everything else can wait for the next release.`,
    priorities: empty
      ? []
      : sentence.map(([headline, reason, label], index) => ({
          id: idOf('p', index),
          severity: (['critical', 'critical', 'high', 'medium'] as const)[index] ?? 'low',
          risk: risks[index] ?? 10,
          bars: bars(risks[index] ?? 10, headline),
          headline,
          reason,
          action: {
            label,
            to:
              index === 1
                ? '/map?focus=container:x'
                : `/findings?package=${['libssl3', '', 'curl', 'openssh-server'][index]}`,
          },
        })),
    counts: {
      hosts: world.hosts.length,
      containers: world.containers.length,
      images: world.images.length,
      uploads: world.uploads.length,
      notKnown: [...world.hosts, ...world.images, ...world.uploads].filter(({ risk }) => risk === undefined).length,
      openFindings: world.findings.filter((finding) => finding.status === 'open').length,
    },
    newSince: {
      since: ago(15 * hour),
      containers: empty ? 0 : 9,
      hosts: 0,
      findingsOpened: empty ? 0 : 31,
      findingsClosed: empty ? 0 : 28,
      internetFacing: empty ? 0 : 1,
    },
    blind: empty
      ? []
      : [
          { title: 'db-03', reason: 'Silent for 26 min', to: `/sensors/${idOf('host', 'db-03')}` },
          { title: '4 addresses in 10.8.0.0/16', reason: 'Talk to us, no sensor' },
          {
            title: 'legacy-01',
            reason: 'Programs: sees less. Kernel 4.15: short connections may be missed',
            to: `/sensors/${idOf('host', 'legacy-01')}`,
          },
        ],
    riskOverTime: empty
      ? []
      : Array.from({ length: 15 }, (_, index) => ({
          at: ago((14 - index) * day),
          risk: 2200 + index * 90 + chance('rot', index) * 300,
          open: 300 + index * 8,
        })),
    steps: empty
      ? [
          { id: 'add-host' as const, done: false },
          { id: 'get-feeds' as const, done: false },
        ]
      : [],
  };
};
