import { describe, expect, it } from 'vitest';
import { isModular, isSameStream, moduleOfPurl, moduleOfSummary } from './modules.ts';

describe('streams', () => {
  it.each([
    ['pkg:rpm/redhat/nodejs@18?arch=x86_64&rpmmod=nodejs:18:9040020240401:rhel9', 'nodejs:18'],
    ['pkg:rpm/redhat/nodejs@18?rpmmod=nodejs%3A18%3A1', 'nodejs:18'],
    ['pkg:rpm/redhat/nodejs@18?rpmmod=%', '%'],
    ['pkg:rpm/redhat/bash@5?arch=x86_64', undefined],
  ])('of the purl %s is %s', (purl, expected) => expect(moduleOfPurl(purl)).toBe(expected));

  it.each([
    ['Moderate: nodejs:14 security, bug fix, and enhancement update', 'nodejs:14'],
    ['Important: container-tools:rhel8 security update', 'container-tools:rhel8'],
    ['Important: openssl security update', undefined],
    ['', undefined],
  ])('of the title %j is %s', (summary, expected) => expect(moduleOfSummary(summary)).toBe(expected));

  it('show in the release of a build', () => {
    expect(isModular('1:14.18.2-2.module_el8.5.0+2618+8d46dafd')).toBe(true);
    expect(isModular('18.20.2-1.module+el9.4.0+1')).toBe(true);
    expect(isModular('1.1.1k-6.el8_5')).toBe(false);
  });
});

describe('isSameStream', () => {
  const modular = '1:16.20.2-2.module_el8.8.0+1';
  const summary = 'Moderate: nodejs:16 security update';
  it.each([
    [{ version: modular, module: 'nodejs:16' }, { fixedVersion: modular, summary }, true],
    [{ version: modular, module: 'nodejs:14' }, { fixedVersion: modular, summary }, false],
    [{ version: modular, module: undefined }, { fixedVersion: modular, summary }, true],
    [{ version: modular, module: 'nodejs:16' }, { fixedVersion: modular, summary: 'Moderate: an update' }, true],
    [{ version: '1:16.20.2-1.el9', module: undefined }, { fixedVersion: modular, summary }, false],
    [{ version: modular, module: undefined }, { fixedVersion: '1:16.20.2-1.el9', summary: '' }, false],
    [{ version: modular, module: undefined }, { fixedVersion: undefined, summary }, true],
  ])('%j and %j: %s', (installed, advisory, expected) => expect(isSameStream(installed, advisory)).toBe(expected));
});
