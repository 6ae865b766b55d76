/** The assets of a neighbourhood or a route, when the view shows only such a set. */
export type WantedAssets = {
  readonly hosts: ReadonlySet<string>;
  readonly containers: ReadonlySet<string>;
  /** Hosts that belong to the set themselves, not only as the place of a container. */
  readonly wholeHosts: ReadonlySet<string>;
  /** The only edges to show, by the assets at their ends; the Internet is null. All between the assets when absent. */
  readonly pairs?: readonly (readonly [source: string | null, target: string])[];
};
