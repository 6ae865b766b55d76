import { systemClock } from '@parapet/core';
import { readGivenCertificate } from '../authority/given-certificate.ts';
import { readExternalAddress } from '../database/external/address.ts';
import type { ConsoleConfig } from './config.ts';
import { describeSettings } from './describe-settings.ts';
import type { ReadSettings } from './read-settings.ts';

/**
 * Prints the settings in force, secrets masked, and where each came from, after the files they name were looked at. Throws
 * what starting would throw; nothing is started, written or connected to.
 */
export const checkConfig = async (settings: ReadSettings, config: ConsoleConfig, json: boolean): Promise<void> => {
  const warnings = await lookAtFiles(config);
  const described = describeSettings(settings);
  if (json) {
    process.stdout.write(`${JSON.stringify({ settings: described, warnings }, undefined, 2)}\n`);
    return;
  }
  const width = Math.max(...described.map(({ name }) => name.length));
  for (const { name, value, origin } of described)
    process.stdout.write(`${name.padEnd(width)}  ${value === '' ? '-' : value}  (${origin})\n`);
  for (const warning of warnings) process.stdout.write(`warning: ${warning}\n`);
  process.stdout.write('The configuration is well-formed.\n');
};

const lookAtFiles = async (config: ConsoleConfig): Promise<readonly string[]> => {
  const { tls, database } = config;
  if (database.kind === 'url') await readExternalAddress(database);
  if (tls === undefined) return [];
  const names = config.publicUrls.map((url) => new URL(url).hostname);
  return (await readGivenCertificate(tls, { nowMs: systemClock.now(), names })).warnings;
};
