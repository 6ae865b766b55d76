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
    ['arch', '', 'alpm', ['pacman -Syu']],
    ['debian', '12', 'unknown', []],
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

describe('fixes of languages', () => {
  it.each([
    ['npm', '@scope/name', '1.2.3', 'npm install @scope/name@1.2.3'],
    ['pypi', 'django', '3.2.5', 'pip install --upgrade django==3.2.5'],
    [
      'maven',
      'org.x:y',
      '2.17.1',
      'mvn versions:use-dep-version -Dincludes=org.x:y -DdepVersion=2.17.1 -DforceVersion=true',
    ],
    ['golang', 'golang.org/x/net', '0.17.0', 'go get golang.org/x/net@v0.17.0'],
    ['golang', 'stdlib', '1.21.1', 'go get go@1.21.1 toolchain@go1.21.1'],
    ['cargo', 'serde_json', '1.0.1', 'cargo update --package serde_json --precise 1.0.1'],
    ['gem', 'rails', '7.0.1', 'bundle update --conservative rails'],
    ['nuget', 'Newtonsoft.Json', '13.0.1', 'dotnet add package Newtonsoft.Json --version 13.0.1'],
    [
      'composer',
      'symfony/http-kernel',
      '5.4.1',
      'composer require --update-with-all-dependencies symfony/http-kernel:5.4.1',
    ],
    ['hex', 'plug', '1.0.1', 'mix deps.update plug'],
    ['pub', 'http', '1.0.1', 'dart pub upgrade http'],
    ['swift', 'github.com/apple/swift-nio', '2.1.0', 'swift package update swift-nio'],
  ])('%s %s', (type, name, fixedVersion, command) => {
    expect(fix('debian', '12', type, { package: { type, name }, fixedVersion }).commands).toEqual([command]);
  });

  it('are made where the program is built', () => {
    const note = (more: Partial<FixTarget['package']>, kind: FixTarget['kind']) =>
      fix('debian', '12', 'npm', { package: { type: 'npm', name: 'a', ...more }, kind }).note;
    expect(note({}, 'image')).toContain('build the image anew');
    expect(note({ evidence: 'binary' }, 'host')).toContain('compile the program anew');
    expect(note({ scope: 'dev' }, 'host')).toContain('development only');
    expect(note({ scope: 'optional' }, 'host')).not.toContain('development only');
  });

  it.each([
    ['a; reboot', '1'],
    ['$(reboot)', '1'],
    ['a', '1; reboot'],
    ['a', '`x`'],
    ['--flag', '1'],
    ["x'); system('reboot", '1'],
  ])('have no command for %s@%s', (name, fixedVersion) => {
    for (const type of ['npm', 'cran', 'composer', 'golang']) {
      expect(fix('debian', '12', type, { package: { type, name }, fixedVersion }).commands).toEqual([]);
    }
  });
});
