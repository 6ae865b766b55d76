import { describe, expect, it } from 'vitest';
import { nameAtStart, nameLater } from './process-name.ts';

const busybox = (argument: string | undefined) =>
  nameAtStart({ comm: 'exe', executable: '/usr/bin/busybox', argument });

describe('the name of a program that executed itself anew', () => {
  it.each([
    ['ls', 'ls'],
    ['/bin/ls', 'ls'],
    ['-sh', 'sh'],
    ['[', '['],
    ['[[', '[['],
    ['start-stop-daemon', 'start-stop-daem'],
  ])('is that of its first argument: %s', (argument, name) => {
    expect(busybox(argument)).toBe(name);
  });

  it.each([
    undefined,
    '',
    '-',
    '/',
    '/proc/self/exe',
    'https://me:hunter2@host',
    'two words',
    '--token=x',
    '\u{1b}[2J',
    'é',
  ])('is that of its file where the first argument names no program: %j', (argument) => {
    expect(busybox(argument)).toBe('busybox');
  });

  it('is the kernel’s of all others, whatever their arguments say', () => {
    expect(nameAtStart({ comm: 'nc', executable: '/usr/bin/nc', argument: 'sshd' })).toBe('nc');
    expect(nameAtStart({ comm: '', executable: '', argument: 'sshd' })).toBe('');
  });

  it('stays where a later event has the kernel’s again, and gives way to one that it gave itself', () => {
    expect(nameLater('exe', () => 'ls')).toBe('ls');
    expect(nameLater('exe', () => '')).toBe('exe');
    expect(nameLater('worker', () => 'ls')).toBe('worker');
  });
});
