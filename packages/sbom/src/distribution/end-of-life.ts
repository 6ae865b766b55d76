import type { Distribution } from '@parapet/contract';

/**
 * The last day on which a release gets security updates that everybody gets: Debian's LTS counts, what must be paid for (Ubuntu
 * Pro, Extended Lifecycle Support, LTSS) does not. From the makers' own pages on life cycles, as known in November 2026. Releases
 * without a published day, and distributions that roll, are left out: no warning is better than a wrong one.
 */
const lastDays: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // wiki.debian.org/LTS
  debian: {
    '7': '2018-05-31',
    '8': '2020-06-30',
    '9': '2022-06-30',
    '10': '2024-06-30',
    '11': '2026-08-31',
    '12': '2028-06-30',
    '13': '2030-06-30',
  },
  // ubuntu.com/about/release-cycle; releases between two long ones last nine months.
  ubuntu: {
    '12.04': '2017-04-28',
    '14.04': '2019-04-25',
    '16.04': '2021-04-30',
    '17.10': '2018-07-19',
    '18.04': '2023-05-31',
    '18.10': '2019-07-18',
    '19.04': '2020-01-23',
    '19.10': '2020-07-17',
    '20.04': '2025-05-31',
    '20.10': '2021-07-22',
    '21.04': '2022-01-20',
    '21.10': '2022-07-14',
    '22.04': '2027-06-30',
    '22.10': '2023-07-20',
    '23.04': '2024-01-25',
    '23.10': '2024-07-11',
    '24.04': '2029-05-31',
    '24.10': '2025-07-10',
    '25.04': '2026-01-15',
    '25.10': '2026-07-31',
  },
  // alpinelinux.org/releases
  alpine: {
    '3.3': '2017-11-01',
    '3.4': '2018-05-01',
    '3.5': '2018-11-01',
    '3.6': '2019-05-01',
    '3.7': '2019-11-01',
    '3.8': '2020-05-01',
    '3.9': '2020-11-01',
    '3.10': '2021-05-01',
    '3.11': '2021-11-01',
    '3.12': '2022-05-01',
    '3.13': '2022-11-01',
    '3.14': '2023-05-01',
    '3.15': '2023-11-01',
    '3.16': '2024-05-23',
    '3.17': '2024-11-22',
    '3.18': '2025-05-09',
    '3.19': '2025-11-01',
    '3.20': '2026-04-01',
    '3.21': '2026-11-01',
    '3.22': '2027-05-01',
    '3.23': '2027-11-01',
  },
  // access.redhat.com/support/policy/updates/errata, end of maintenance
  rhel: {
    '5': '2017-03-31',
    '6': '2020-11-30',
    '7': '2024-06-30',
    '8': '2029-05-31',
    '9': '2032-05-31',
    '10': '2035-05-31',
  },
  // centos.org/cl-vs-cs and centos.org/centos-stream
  centos: { '5': '2017-03-31', '6': '2020-11-30', '7': '2024-06-30', '8': '2021-12-31' },
  'centos-stream': { '8': '2024-05-31', '9': '2027-05-31', '10': '2030-05-31' },
  // docs.fedoraproject.org, releases/eol
  fedora: {
    '32': '2021-05-25',
    '33': '2021-11-30',
    '34': '2022-06-07',
    '35': '2022-12-13',
    '36': '2023-05-16',
    '37': '2023-12-05',
    '38': '2024-05-21',
    '39': '2024-11-26',
    '40': '2025-05-13',
    '41': '2025-12-15',
    '42': '2026-05-13',
  },
  // wiki.rockylinux.org/rocky/version, wiki.almalinux.org/release-notes
  rocky: { '8': '2029-05-31', '9': '2032-05-31', '10': '2035-05-31' },
  almalinux: { '8': '2029-05-31', '9': '2032-05-31', '10': '2035-05-31' },
  // oracle.com/support/lifetime-support, premier support
  ol: {
    '5': '2017-06-30',
    '6': '2021-03-31',
    '7': '2024-12-31',
    '8': '2029-07-31',
    '9': '2032-06-30',
    '10': '2035-06-30',
  },
  // aws.amazon.com/amazon-linux-2/faqs, docs.aws.amazon.com/linux/al2023
  amzn: { '2018': '2023-12-31', '2': '2026-06-30', '2023': '2029-06-30' },
  // suse.com/lifecycle, general support
  sles: {
    '11.4': '2019-03-31',
    '12': '2016-06-30',
    '12.1': '2017-05-31',
    '12.2': '2018-03-31',
    '12.3': '2019-06-30',
    '12.4': '2020-06-30',
    '12.5': '2024-10-31',
    '15': '2019-12-31',
    '15.1': '2021-01-31',
    '15.2': '2021-12-31',
    '15.3': '2022-12-31',
    '15.4': '2023-12-31',
    '15.5': '2024-12-31',
    '15.6': '2025-12-31',
    '15.7': '2031-07-31',
  },
  // en.opensuse.org/Lifetime
  'opensuse-leap': {
    '42.3': '2019-06-30',
    '15.0': '2019-12-03',
    '15.1': '2021-01-31',
    '15.2': '2021-12-31',
    '15.3': '2022-12-31',
    '15.4': '2023-12-07',
    '15.5': '2024-12-31',
    '15.6': '2026-04-30',
    '16.0': '2027-10-31',
  },
  // github.com/vmware/photon, github.com/microsoft/azurelinux
  photon: { '1.0': '2022-02-28', '2.0': '2022-12-31', '3.0': '2024-03-01' },
  mariner: { '1.0': '2023-07-31', '2.0': '2025-07-31' },
};

/** The last day (`2024-06-30`, UTC) with security updates; `undefined` where none is known. */
export const lastDayOf = (distribution: Distribution): string | undefined => {
  const days = table.get(familyOf(distribution));
  if (days === undefined) return undefined;
  const parts = distribution.versionId.split('.');
  return [distribution.versionId, parts.slice(0, 2).join('.'), parts[0] ?? ''].flatMap(
    (version) => days.get(version) ?? [],
  )[0];
};

/** A sentence for people when the release gets no security updates any more. */
export const endOfLifeOf = (distribution: Distribution, nowMs: number): string | undefined => {
  const lastDay = lastDayOf(distribution);
  if (lastDay === undefined || Date.parse(`${lastDay}T23:59:59Z`) >= nowMs) return undefined;
  return `no security updates since ${lastDay}`;
};

/** Maps, not objects: id and version come out of a workload's file. */
const table: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  Object.entries(lastDays).map(([id, days]) => [id, new Map(Object.entries(days))] as const),
);

/** CentOS Stream has the id and the numbers of the CentOS before it. */
const familyOf = ({ id, name }: Distribution): string => {
  if (id === 'centos' && /stream/i.test(name)) return 'centos-stream';
  return id === 'sled' || id === 'sles_sap' ? 'sles' : id === 'opensuse' ? 'opensuse-leap' : id;
};
