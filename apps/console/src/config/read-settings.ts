import { AppError, readFileBounded } from '@parapet/core';
import { type ConfigLine, parseConfigFile } from './config-file.ts';
import { type Environment, parseEnvironment } from './env.ts';
import { nearestName } from './nearest.ts';
import { configFileVariable, isSettingName, otherPrograms, type SettingName, settings } from './settings.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The settings and where each came from, e.g. `environment` or `/etc/parapet/console.conf, line 3`; what is not in `origins` has its default. */
export type ReadSettings = {
  readonly environment: Environment;
  readonly origins: ReadonlyMap<SettingName, string>;
};

const maxFileBytes = 256 * 1024;
const maxSecretBytes = 16 * 1024;

/** The settings of this process: the only place that reads its environment. */
export const readOwnSettings = (): Promise<ReadSettings> => readSettings(process.env);

/**
 * Joins the environment with the file that `PARAPET_CONFIG_FILE` names; the environment goes first, because it is what
 * whoever starts the program says now. Secrets named by `<NAME>_FILE` are read. Throws AppError `config` with a sentence
 * that names what is wrong and where.
 */
export const readSettings = async (variables: Variables): Promise<ReadSettings> => {
  const values = new Map<SettingName, Given>();
  for (const given of await fromFile(variables[configFileVariable])) take(values, given);
  for (const given of await fromEnvironment(variables)) take(values, given);
  const environment = parseEnvironment(Object.fromEntries([...values].map(([name, { value }]) => [name, value])));
  const origins = new Map(
    [...values].filter(([name]) => environment[name] !== undefined).map(([name, { origin }]) => [name, origin]),
  );
  return { environment, origins };
};

/** A value and where it was found; `from` ranks the places. */
type Given = {
  readonly name: SettingName;
  readonly value: string;
  readonly from: 'file' | 'environment';
  readonly origin: string;
};

const take = (values: Map<SettingName, Given>, given: Given): void => {
  const earlier = values.get(given.name);
  if (earlier !== undefined && earlier.from === given.from)
    throw new AppError('config', 500, `${given.name} is set twice: ${earlier.origin}, and ${given.origin}. Keep one.`);
  values.set(given.name, given);
};

const fromFile = async (path: string | undefined): Promise<readonly Given[]> => {
  if (path === undefined || path === '') return [];
  const given: Given[] = [];
  for (const line of parseConfigFile(path, await readText(path, maxFileBytes, configFileVariable)))
    given.push(await givenByLine(path, line));
  return given;
};

const givenByLine = (path: string, { name, value, line }: ConfigLine): Promise<Given> => {
  const origin = `${path}, line ${line}`;
  const setting = settingNamed(name);
  if (setting === undefined || settings[setting.name].where === 'program') throw unknown(name, `${origin}: `);
  if (settings[setting.name].where === 'environment')
    throw new AppError(
      'config',
      500,
      `${origin}: ${setting.name} cannot be set in a file, since every command must find it. Use ${settings[setting.name].option ?? 'the environment'}.`,
    );
  return resolve(setting, value, 'file', origin);
};

const fromEnvironment = async (variables: Variables): Promise<readonly Given[]> => {
  const given: Given[] = [];
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined || value === '' || isServiceLink(name, value)) continue;
    const setting = settingNamed(name);
    if (setting !== undefined) given.push(await resolve(setting, value, 'environment', 'environment'));
    // Nothing else in the environment is ours to judge.
    else if (name.startsWith('PARAPET_') && !name.startsWith('PARAPET_TEST_') && !otherPrograms.has(name))
      throw unknown(name, '');
  }
  return given;
};

/** Kubernetes describes a Service named "parapet" by such variables in every pod. */
const isServiceLink = (name: string, value: string): boolean =>
  /^PARAPET_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP))(_|$)/.test(name) ||
  (name === 'PARAPET_PORT' && /^(tcp|udp):\/\//.test(value));

type Named = { readonly name: SettingName; readonly isFile: boolean };

const settingNamed = (name: string): Named | undefined => {
  if (isSettingName(name)) return { name, isFile: false };
  const base = name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : '';
  return isSettingName(base) && settings[base].secret === true ? { name: base, isFile: true } : undefined;
};

const resolve = async ({ name, isFile }: Named, value: string, from: Given['from'], origin: string): Promise<Given> => {
  if (!isFile) return { name, value, from, origin };
  const secret = await readText(value, maxSecretBytes, `${name}_FILE`);
  return { name, value: secret.trim(), from, origin: `${value}, named by ${name}_FILE (${origin})` };
};

const readText = async (path: string, maxBytes: number, namedBy: string): Promise<string> => {
  const read = await readFileBounded(path, maxBytes);
  if (read.ok) return read.value.toString('utf8');
  throw new AppError('config', 500, `${path}, named by ${namedBy}, could not be read: ${read.error.message}`);
};

const unknown = (name: string, where: string): AppError => {
  const known = Object.entries(settings).filter(([, { where: place }]) => place !== 'program');
  const nearest = nearestName(
    name,
    known.flatMap(([key, { secret }]) => (secret === true ? [key, `${key}_FILE`] : [key])),
  );
  const hint = nearest === undefined ? 'docs/configuration.md lists the settings' : `Did you mean ${nearest}`;
  return new AppError(
    'config',
    500,
    `${where}There is no setting ${name.slice(0, 128)}. ${hint}${nearest === undefined ? '.' : '?'}`,
  );
};
