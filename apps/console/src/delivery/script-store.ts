import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, readFileBounded, writeFileDurably } from '@parapet/core';
import { hashOf, renderScript, type ScriptSettings } from './install-script.ts';

/** In `deploy/sensor`. */
export type ScriptName = 'install.sh' | 'install-docker.sh';

/** Scripts that were handed out, each under its hash, so that a command stays good while its key is. */
export type ScriptStore = {
  /** Renders a script and keeps it; returns its hash. */
  readonly keep: (name: ScriptName, settings: ScriptSettings) => Promise<string>;
  /** By the beginning of its hash, as it stands in its address. */
  readonly find: (beginning: string) => Promise<string | undefined>;
};

const maxScripts = 64;
const scriptBytes = 64 * 1024;

export const openScriptStore = async (dir: string, programDir: string): Promise<ScriptStore> => {
  const scriptsDir = join(dir, 'scripts');
  await mkdir(scriptsDir, { recursive: true, mode: 0o700 });
  const templates = new Map<string, string>();
  const kept = new Set<string>();
  const template = async (name: string): Promise<string> => {
    const path = join(programDir, 'deploy/sensor', name);
    const text = templates.get(name) ?? (await readFile(path, 'utf8').catch(() => undefined));
    if (text === undefined) throw new AppError('not-built', 503, `${path} is missing. npm start builds it.`);
    templates.set(name, text);
    return text;
  };
  return {
    keep: async (name, settings) => {
      const text = renderScript(await template(name), settings);
      const sha256 = hashOf(text);
      if (!kept.has(sha256)) {
        await writeFileDurably(join(scriptsDir, `${sha256}.sh`), text);
        kept.add(sha256);
        await removeOldest(scriptsDir);
      }
      return sha256;
    },
    find: async (beginning) => {
      const name = (await readdir(scriptsDir)).find((each) => each.startsWith(beginning) && each.endsWith('.sh'));
      const read = name === undefined ? undefined : await readFileBounded(join(scriptsDir, name), scriptBytes);
      return read?.ok === true ? read.value.toString('utf8') : undefined;
    },
  };
};

const removeOldest = async (dir: string): Promise<void> => {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sh'));
  const dated = await Promise.all(names.map(async (name) => ({ name, atMs: (await stat(join(dir, name))).mtimeMs })));
  const old = dated.sort((one, other) => other.atMs - one.atMs).slice(maxScripts);
  for (const { name } of old) await rm(join(dir, name), { force: true });
};
