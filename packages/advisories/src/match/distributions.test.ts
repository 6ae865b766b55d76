import { describe, expect, it } from 'vitest';
import { ecosystemRuleOf } from './distributions.ts';

const ecosystems = [
  'Debian:11',
  'Debian:12',
  'Debian:14',
  'Ubuntu:22.04:LTS',
  'Ubuntu:24.10',
  'Ubuntu:Pro:22.04:LTS',
  'Alpine:v3.19',
  'Alpine:v3.20',
  'Alpine:edge',
  'Wolfi',
  'Chainguard',
  'AlmaLinux:8',
  'AlmaLinux:9',
  'Rocky Linux:9',
  'Red Hat:enterprise_linux:9::baseos',
  'Red Hat:enterprise_linux:9::appstream',
  'Red Hat:enterprise_linux:8::baseos',
  'Red Hat:rhel_eus:9.2::baseos',
  'SUSE:Linux Enterprise Server 15 SP5',
  'SUSE:Linux Enterprise Module for Basesystem 15 SP5',
  'SUSE:Linux Enterprise Server 15 SP4',
  'openSUSE:Leap 15.6',
  'openSUSE:Tumbleweed',
  'Azure Linux:3',
  'openEuler:22.03-LTS-SP3',
];

const covered = (id: string, versionId: string, versionCodename?: string): readonly string[] => {
  const rule = ecosystemRuleOf({
    id,
    versionId,
    name: id,
    ...(versionCodename === undefined ? {} : { versionCodename }),
  });
  return rule === undefined ? [] : ecosystems.filter(rule.covers);
};

describe('which advisories speak of a distribution', () => {
  it.each([
    ['debian', '12', undefined, ['Debian:12']],
    ['debian', '12.5', undefined, ['Debian:12']],
    ['debian', '', 'forky', ['Debian:14']],
    ['debian', '', undefined, []],
    ['ubuntu', '22.04', undefined, ['Ubuntu:22.04:LTS']],
    ['ubuntu', '24.10', undefined, ['Ubuntu:24.10']],
    ['alpine', '3.20.3', undefined, ['Alpine:v3.20']],
    ['alpine', '3.2', undefined, []],
    ['alpine', '3.21.0_alpha20240923', undefined, ['Alpine:edge']],
    ['alpine', 'edge', undefined, ['Alpine:edge']],
    ['wolfi', '20230201', undefined, ['Wolfi']],
    ['chainguard', '20230214', undefined, ['Wolfi', 'Chainguard']],
    ['almalinux', '9.4', undefined, ['AlmaLinux:9']],
    ['rocky', '9.4', undefined, ['Rocky Linux:9']],
    ['rhel', '9.4', undefined, ['Red Hat:enterprise_linux:9::baseos', 'Red Hat:enterprise_linux:9::appstream']],
    ['centos', '8', undefined, ['Red Hat:enterprise_linux:8::baseos']],
    [
      'sles',
      '15.5',
      undefined,
      ['SUSE:Linux Enterprise Server 15 SP5', 'SUSE:Linux Enterprise Module for Basesystem 15 SP5'],
    ],
    ['opensuse-leap', '15.6', undefined, ['openSUSE:Leap 15.6']],
    ['opensuse-tumbleweed', '20260101', undefined, ['openSUSE:Tumbleweed']],
    ['azurelinux', '3.0', undefined, ['Azure Linux:3']],
    ['openeuler', '22.03', undefined, ['openEuler:22.03-LTS-SP3']],
    ['arch', '', undefined, []],
    ['toString', '', undefined, []],
    ['sles', '.*', undefined, []],
  ])('%s %s (%s)', (id, versionId, codename, expected) => expect(covered(id, versionId, codename)).toEqual(expected));
});
