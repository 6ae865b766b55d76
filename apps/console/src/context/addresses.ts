import { listHostNames } from '../authority/host-names.ts';
import type { ConsoleConfig } from '../config/config.ts';

/** `https://…` under which the console is reached: what people named, then this machine's own names. */
export const listAddresses = (config: ConsoleConfig, port: number): readonly string[] => {
  const urlOf = (name: string): string =>
    `https://${name.includes(':') ? `[${name}]` : name}${port === 443 ? '' : `:${port}`}`;
  const isEverywhere = ['::', '0.0.0.0', ''].includes(config.host);
  const names = isEverywhere ? ['localhost', ...listHostNames()] : [config.host];
  return [...new Set([...config.publicUrls, ...names.map(urlOf)])];
};
