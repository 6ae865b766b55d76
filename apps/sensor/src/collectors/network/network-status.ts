import type { CollectorStatus } from '../collector.ts';

export type NetworkSight = {
  readonly isRoot: boolean;
  readonly sockets: 'sock_diag' | 'procfs';
  /** The kernel tells of ended sockets. */
  readonly ends: boolean;
  /** `idle`: there, but no rule of this host asks for it, so it sees nothing. */
  readonly tracking: 'active' | 'idle' | 'absent';
  /** Why the kernel's own news of connections cannot be had; `undefined` when they are. */
  readonly unprobed: string | undefined;
  readonly missedNamespaces: { readonly count: number; readonly reason: string };
  readonly lookEveryMs: number;
};

/** Says in plain words what this collector does not see here, and what would help. */
export const networkStatus = (sight: NetworkSight): CollectorStatus => {
  const reasons = reasonsOf(sight);
  const source = [
    ...(sight.unprobed === undefined ? ['ebpf'] : []),
    ...(sight.tracking === 'active' ? ['conntrack'] : []),
    sight.sockets,
  ].join(' + ');
  return reasons.length === 0 ? { state: 'running', source } : { state: 'degraded', source, reason: reasons.join(' ') };
};

const reasonsOf = (sight: NetworkSight): readonly string[] => [
  ...(sight.isRoot
    ? []
    : [
        'Without root only your own processes can be named, networks of containers cannot be entered and translated addresses are not undone. For everything: sudo ./parapet up',
      ]),
  ...(sight.sockets === 'procfs' ? ['Netlink is denied, so bytes are not counted: allow AF_NETLINK sockets.'] : []),
  ...(sight.isRoot && sight.unprobed !== undefined
    ? [
        `What a container does before its network is entered is told as a blind span, since the kernel gives no news of connections here: ${sight.unprobed}`,
      ]
    : []),
  ...(!sight.ends && sight.unprobed !== undefined
    ? [
        'This kernel does not tell of ended sockets (Linux 4.5 does): connections that end between two looks are missed.',
      ]
    : []),
  ...(sight.isRoot ? trackingReasons(sight) : []),
  ...(sight.missedNamespaces.count === 0
    ? []
    : [`${sight.missedNamespaces.count} container networks are not watched (${sight.missedNamespaces.reason}).`]),
  ...(sight.lookEveryMs > 5000
    ? [`There are so many sockets that they are looked at only every ${Math.round(sight.lookEveryMs / 1000)} s.`]
    : []),
];

const trackingReasons = ({ tracking }: NetworkSight): readonly string[] => {
  switch (tracking) {
    case 'active':
      return [];
    case 'idle':
      return [
        'No firewall or NAT rule here uses connection tracking: UDP exchanges are only seen of connected sockets that live across a look.',
      ];
    case 'absent':
      return [
        'The kernel offers no connection tracking (module nf_conntrack_netlink): translated addresses are not undone, and UDP is only seen of connected sockets that live across a look.',
      ];
  }
};
