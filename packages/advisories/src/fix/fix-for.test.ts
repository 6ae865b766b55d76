import { describe, expect, it } from 'vitest';
import { type FixTarget, fixFor } from './fix-for.ts';

const fix = (id: string, versionId: string, type: string, more: Partial<FixTarget> = {}) =>
  fixFor({
    distribution: { id, versionId, name: id },
    package: { type, name: 'libssl3' },
    fixedVersion: '3.0.15-1',
    kind: 'host',
    ...more,
  });

describe('fixFor', () => {
  it.each([
    ['debian', '12', 'dpkg', ['apt-get update', 'apt-get install --only-upgrade libssl3']],
    ['ubuntu', '24.04', 'dpkg', ['apt-get update', 'apt-get install --only-upgrade libssl3']],
    ['alpine', '3.20.3', 'apk', ['apk update', 'apk add --upgrade libssl3']],
    ['almalinux', '9.4', 'rpm', ['dnf upgrade --refresh -y libssl3']],
    ['fedora', '41', 'rpm', ['dnf upgrade --refresh -y libssl3']],
    ['amzn', '2023', 'rpm', ['dnf upgrade --refresh -y libssl3']],
    ['amzn', '2', 'rpm', ['yum update -y libssl3']],
    ['centos', '7', 'rpm', ['yum update -y libssl3']],
    ['sles', '15.5', 'rpm', ['zypper --non-interactive update libssl3']],
    ['opensuse-leap', '15.6', 'rpm', ['zypper --non-interactive update libssl3']],
    ['photon', '5.0', 'rpm', ['tdnf update -y libssl3']],
    ['debian', '12', 'npm', []],
  ])('%s %s %s: %j', (id, versionId, type, commands) => expect(fix(id, versionId, type).commands).toEqual(commands));

  it('says what to do, and what comes after on a host', () => {
    expect(fix('debian', '12', 'dpkg')).toMatchObject({
      title: 'Upgrade libssl3 to 3.0.15-1',
      note: expect.stringContaining('restart'),
    });
  });

  it('tells to build images anew rather than to change containers', () => {
    expect(fix('debian', '12', 'dpkg', { kind: 'image' }).note).toContain('rebuild');
    expect(fix('debian', '12', 'dpkg', { kind: 'container' }).note).toContain('rebuild its image');
  });

  it('says plainly that there is no fix', () => {
    expect(fix('debian', '12', 'dpkg', { fixedVersion: undefined })).toMatchObject({
      title: 'No fix for libssl3 yet',
      commands: [],
    });
  });

  it.each(['x; rm -rf /', '$(reboot)', '-o=evil', 'a b', '', 'x\nreboot', `x${'y'.repeat(500)}`])(
    'gives no command for the name %j',
    (name) => expect(fix('debian', '12', 'dpkg', { package: { type: 'dpkg', name } }).commands).toEqual([]),
  );
});
