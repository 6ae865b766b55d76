import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SensorPackage } from './delivery-job.ts';
import {
  composeFile,
  hashOf,
  installCommand,
  renderScript,
  type ScriptSettings,
  shellQuote,
} from './install-script.ts';
import { reachableUrls } from './reachable-urls.ts';

const hostile = [
  `it's`,
  '$(touch owned)',
  '`touch owned`',
  '"; touch owned; "',
  '\\',
  'a\nb',
  '',
  '*',
  '~',
  '-n',
  '$HOME',
  "'\\''",
];

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ppt-script-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const sh = (command: string, env: Readonly<Record<string, string>> = {}, input = '') =>
  spawnSync('/bin/sh', ['-c', command], {
    cwd: dir,
    input,
    encoding: 'utf8',
    env: { PATH: `${dir}:/usr/bin:/bin`, ...env },
  });

const archive: SensorPackage = {
  ...{ kind: 'archive', architecture: 'x64', version: '1.2.3', id: '0123456789ab', sha256: 'a'.repeat(64) },
  ...{ sizeBytes: 1000, contentBytes: 3000, libc: 'GNU C Library' },
};
const settings: ScriptSettings = {
  ...{ version: '1.2.3', consoleUrls: ['https://one.example:8443', 'https://10.0.0.1:8443'] },
  ...{ authorityPin: 'ab'.repeat(32), packages: [archive] },
};
const template = (name: string) => readFile(join(import.meta.dirname, '../../../../deploy/sensor', name), 'utf8');

describe('quoting for a shell', () => {
  it.each(hostile)('keeps %j as one word that does nothing', (text) => {
    expect(sh(`printf %s ${shellQuote(text)}`).stdout).toBe(text);
    expect(sh('ls').stdout).toBe('');
  });
});

describe('scripts', () => {
  it.each(['install.sh', 'install-docker.sh'])('%s is read by each shell, whatever the settings', async (name) => {
    for (const text of hostile) {
      const script = renderScript(await template(name), { ...settings, version: text, consoleUrls: [text] });
      await writeFile(join(dir, 'script'), script);
      expect(sh('sh -n script').stderr).toBe('');
    }
    const script = renderScript(await template(name), settings);
    expect(script).toContain(`x64_hash=${archive.sha256}`);
    expect(script).toContain("arm64_hash=''");
    expect(script.endsWith('\nmain "$@"\n')).toBe(true);
  });

  it('does nothing when it is cut short anywhere', async () => {
    const script = renderScript(await template('install.sh'), settings);
    const functions = script.slice(0, script.lastIndexOf('main "$@"'));
    for (let at = 0; at < functions.length; at += 97) {
      await writeFile(join(dir, 'script'), `${functions.slice(0, at)}\n`);
      const { stdout } = sh('sh script 2>/dev/null; ls');
      expect(stdout).toBe('script\n');
    }
  });

  it('needs a place for the settings', () => {
    expect(() => renderScript('#!/bin/sh\n', settings)).toThrow(/no place/);
  });

  it('names no key in the compose file', () => {
    expect(composeFile(settings)).not.toMatch(/ppk_/);
    expect(composeFile(settings)).toContain('image: parapet-sensor:1.2.3');
  });
});

describe('the line that a person runs', () => {
  const script = 'IFS= read -r key || :\nprintf "%s" "$key" >ran\nprintf "%s" "$*" >arguments\n';
  const line = (sha256: string) =>
    installCommand({ url: "https://one.example/it's", sha256 }, { keyText: 'ppk_secret', arguments: '--x' });
  /** Stands in for curl: writes what the test put there, whatever it is asked. */
  const serve = async (content: string): Promise<void> => {
    await writeFile(join(dir, 'content'), content);
    await writeFile(join(dir, 'curl'), `#!/bin/sh\ncat ${dir}/content\n`);
    await writeFile(join(dir, 'id'), '#!/bin/sh\necho 0\n');
    for (const name of ['curl', 'id']) await chmod(join(dir, name), 0o755);
  };

  it('runs the script with the key on its standard input', async () => {
    await serve(script);
    expect(sh(line(hashOf(script))).status).toBe(0);
    expect(await readFile(join(dir, 'ran'), 'utf8')).toBe('ppk_secret');
    expect(await readFile(join(dir, 'arguments'), 'utf8')).toBe('--x');
  });

  it.each([
    ['one byte differs', `${script.slice(0, -2)}x\n`],
    ['it is cut short', script.slice(0, 30)],
    ['another page comes', '<html>touch ran</html>\n'],
    ['nothing comes', ''],
  ])('runs nothing when %s', async (_, content) => {
    await serve(content);
    const outcome = sh(line(hashOf(script)));
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/Nothing was run/);
    expect(execFileSync('ls', { cwd: dir, encoding: 'utf8' })).not.toMatch(/^ran$/m);
  });

  it('has the key in no argument of a program', () => {
    const [before, after] = line('0'.repeat(64)).split(' | ');
    expect(before).toBe('printf %s ppk_secret');
    expect(after).not.toContain('ppk_secret');
  });
});

describe('addresses for other hosts', () => {
  it('puts named ones first and leaves out what only this machine understands', () => {
    const all = [
      'https://vm:1',
      'https://localhost:1',
      'https://[fd00::1]:1',
      'https://10.0.0.1:1',
      'https://a.b:1',
      'https://n:1',
    ];
    expect(reachableUrls(all, ['https://n:1'])).toEqual([
      'https://n:1',
      'https://a.b:1',
      'https://10.0.0.1:1',
      'https://[fd00::1]:1',
      'https://vm:1',
    ]);
    expect(reachableUrls(['https://localhost:1'], [])).toEqual(['https://localhost:1']);
  });
});
