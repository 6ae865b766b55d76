import { describe, expect, it } from 'vitest';
import { memoryFileSystemOf } from '../file-system/memory.ts';
import { detectDistribution } from './detect.ts';
import { parseOsRelease } from './os-release.ts';

const detect = (files: Readonly<Record<string, string>>) => detectDistribution(memoryFileSystemOf(files));

describe('by os-release', () => {
  it.each([
    [
      'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"',
      'debian',
      '12',
      'bookworm',
    ],
    ['ID=ubuntu\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy', 'ubuntu', '22.04', 'jammy'],
    ['ID=alpine\nVERSION_ID=3.20.3', 'alpine', '3.20.3', undefined],
    ['ID="rhel"\nVERSION_ID="9.4"\nVERSION="9.4 (Plow)"', 'rhel', '9.4', 'plow'],
    ['ID="centos"\nVERSION_ID="9"\nNAME="CentOS Stream"', 'centos', '9', undefined],
    ['ID=fedora\nVERSION_ID=41', 'fedora', '41', undefined],
    ['ID="rocky"\nVERSION_ID="9.4"', 'rocky', '9.4', undefined],
    ['ID="almalinux"\nVERSION_ID="9.4"', 'almalinux', '9.4', undefined],
    ['ID="ol"\nVERSION_ID="8.10"', 'ol', '8.10', undefined],
    ['ID="amzn"\nVERSION_ID="2023"', 'amzn', '2023', undefined],
    ['ID="sles"\nVERSION_ID="15.5"', 'sles', '15.5', undefined],
    ['ID="opensuse-leap"\nVERSION_ID="15.6"', 'opensuse-leap', '15.6', undefined],
    ['ID="opensuse-tumbleweed"\nVERSION_ID="20260101"', 'opensuse-tumbleweed', '20260101', undefined],
    ['ID=photon\nVERSION_ID=5.0', 'photon', '5.0', undefined],
    ['ID=azurelinux\nVERSION_ID="3.0"', 'azurelinux', '3.0', undefined],
    ['ID="amzn"\nVERSION_ID="2018.03"', 'amzn', '2018.03', undefined],
    ['ID="amzn"\nVERSION_ID="2"', 'amzn', '2', undefined],
    ['ID=mariner\nVERSION_ID="2.0"', 'mariner', '2.0', undefined],
    ['ID="openwrt"\nVERSION_ID="24.10.0"', 'openwrt', '24.10.0', undefined],
    ['ID=wolfi\nVERSION_ID=20230201', 'wolfi', '20230201', undefined],
    ['ID=chainguard\nVERSION_ID=20230214', 'chainguard', '20230214', undefined],
    ['ID=arch\nBUILD_ID=rolling', 'arch', '', undefined],
  ])('%j', async (text, id, versionId, versionCodename) => {
    const found = await detect({ '/etc/os-release': text });
    expect(found).toMatchObject({ id, versionId });
    expect(found?.versionCodename).toBe(versionCodename);
  });

  it('follows the usual link, and looks in /usr/lib when /etc has none', async () => {
    const text = 'ID=debian\nVERSION_ID=12';
    expect(await detect({ '/etc/os-release': '-> ../usr/lib/os-release', '/usr/lib/os-release': text })).toMatchObject({
      id: 'debian',
    });
    expect(await detect({ '/usr/lib/os-release': text })).toMatchObject({ versionId: '12' });
  });

  it('takes the release of testing and unstable from debian_version', async () => {
    const osRelease = 'ID=debian\nPRETTY_NAME="Debian GNU/Linux forky/sid"';
    expect(await detect({ '/etc/os-release': osRelease, '/etc/debian_version': 'forky/sid\n' })).toMatchObject({
      versionId: '',
      versionCodename: 'forky',
    });
    expect(await detect({ '/etc/os-release': osRelease, '/etc/debian_version': '14.0\n' })).toMatchObject({
      versionId: '14',
    });
  });
});

describe('by older release files', () => {
  it.each([
    ['/etc/alpine-release', '3.4.6\n', 'alpine', '3.4.6'],
    ['/etc/debian_version', '7.11\n', 'debian', '7'],
    ['/etc/debian_version', 'wheezy/sid\n', 'debian', ''],
    ['/etc/redhat-release', 'Red Hat Enterprise Linux Server release 6.10 (Santiago)\n', 'rhel', '6.10'],
    ['/etc/centos-release', 'CentOS release 6.10 (Final)\n', 'centos', '6.10'],
    ['/etc/redhat-release', 'CentOS Linux release 7.9.2009 (Core)\n', 'centos', '7.9.2009'],
    ['/etc/oracle-release', 'Oracle Linux Server release 6.10\n', 'ol', '6.10'],
    ['/etc/system-release', 'Amazon Linux AMI release 2018.03\n', 'amzn', '2018.03'],
    ['/etc/lsb-release', 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\nDISTRIB_CODENAME=precise\n', 'ubuntu', '12.04'],
    ['/etc/SuSE-release', 'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n', 'sles', '11.4'],
    ['/etc/SuSE-release', 'openSUSE 13.2 (x86_64)\nVERSION = 13.2\nCODENAME = Harlequin\n', 'opensuse', '13.2'],
    ['/etc/system-release', 'Amazon Linux release 2 (Karoo)\n', 'amzn', '2'],
    ['/etc/fedora-release', 'Fedora release 41 (Forty One)\n', 'fedora', '41'],
    ['/etc/rocky-release', 'Rocky Linux release 9.4 (Blue Onyx)\n', 'rocky', '9.4'],
    ['/etc/almalinux-release', 'AlmaLinux release 9.4 (Seafoam Ocelot)\n', 'almalinux', '9.4'],
    ['/etc/redhat-release', 'CentOS Stream release 9\n', 'centos', '9'],
    ['/etc/photon-release', 'VMware Photon Linux 3.0\nPHOTON_BUILD_NUMBER=a\n', 'photon', '3.0'],
    ['/etc/mariner-release', 'CBL-Mariner 2.0.20240101\nMARINER_BUILD_NUMBER=a\n', 'mariner', '2.0.20240101'],
    ['/etc/openwrt_release', "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.2'\n", 'openwrt', '23.05.2'],
    ['/etc/arch-release', '', 'arch', ''],
  ])('%s %j', async (path, text, id, versionId) => {
    expect(await detect({ [path]: text })).toMatchObject({ id, versionId });
  });

  it('takes BusyBox and static programs for what they are: none', async () => {
    expect(await detect({ '/bin/busybox': 'x' })).toBeUndefined();
    expect(await detect({ '/etc/os-release': 'nothing here' })).toBeUndefined();
    expect(await detect({ '/etc/redhat-release': 'who knows' })).toBeUndefined();
  });

  it('does not read a release file without end', async () => {
    expect(await detect({ '/etc/os-release': `ID=debian\n${'#'.repeat(100_000)}` })).toBeUndefined();
  });
});

describe('parseOsRelease', () => {
  it('undoes shell quoting and lets the last word count', () => {
    const values = parseOsRelease(
      'A="x \\"y\\" \\$z"\nB=\'single "quoted"\'\nC=bare\n# comment\nA2=1\nlower=no\nC=again\nD="open',
    );
    expect(Object.fromEntries(values)).toEqual({
      A: 'x "y" $z',
      B: 'single "quoted"',
      C: 'again',
      A2: '1',
      D: '"open',
    });
  });
});
