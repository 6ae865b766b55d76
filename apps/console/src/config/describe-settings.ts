import type { ReadSettings } from './read-settings.ts';
import { type SettingName, settings } from './settings.ts';

export type DescribedSetting = { readonly name: string; readonly value: string; readonly origin: string };

/** Every documented setting with its value, secrets masked, and where it came from. */
export const describeSettings = ({ environment, origins }: ReadSettings): readonly DescribedSetting[] =>
  (Object.keys(settings) as SettingName[]).flatMap((name) => {
    const origin = origins.get(name);
    if (settings[name].where === 'program' && (origin === undefined || name === 'HOME' || name === 'PARAPET_WEB_DIR'))
      return [];
    const value = environment[name];
    if (value === undefined || origin === undefined) return [{ name, value: '', origin: 'default' }];
    return [{ name, value: settings[name].secret === true ? mask(String(value)) : String(value), origin }];
  });

/** An address without what lets one in; of anything else nothing at all. */
const mask = (secret: string): string => {
  if (!URL.canParse(secret) || !secret.includes('://')) return '(hidden)';
  const url = new URL(secret);
  if (url.username !== '') url.username = 'hidden';
  if (url.password !== '') url.password = 'hidden';
  for (const key of [...url.searchParams.keys()])
    if (/pass|key|token|secret/i.test(key)) url.searchParams.set(key, 'hidden');
  return url.href;
};
