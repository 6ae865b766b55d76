/**
 * Module streams of rpm distributions: `nodejs:14` and `nodejs:16` are installed under the same package name, and a fix of one
 * says nothing about the other.
 */

/** The stream a package was built for, from its purl (`rpmmod=nodejs:14:…`). */
export const moduleOfPurl = (purl: string): string | undefined => {
  const label = /[?&]rpmmod=([^&#]+)/.exec(purl)?.[1];
  return label === undefined ? undefined : streamOf(decode(label));
};

/** The stream an erratum is about, from its title: `Moderate: nodejs:14 security update`. */
export const moduleOfSummary = (summary: string): string | undefined =>
  /^(?:\w+: )?(?:the )?([A-Za-z0-9._+-]+:[A-Za-z0-9._+-]+)[ ,]/.exec(summary)?.[1];

/** Whether a release was built in a module: `1.module_el8.5.0+81+7dbe79d3`, `1.module+el8.9.0`. */
export const isModular = (version: string): boolean => /\.module[_+]/.test(version);

/** Whether a fix for `fixedVersion` can concern an installed package, as far as modules tell. */
export const isSameStream = (
  installed: { readonly version: string; readonly module: string | undefined },
  advisory: { readonly fixedVersion: string | undefined; readonly summary: string },
): boolean => {
  if (advisory.fixedVersion === undefined) return true;
  if (isModular(installed.version) !== isModular(advisory.fixedVersion)) return false;
  if (installed.module === undefined) return true;
  const stream = moduleOfSummary(advisory.summary);
  return stream === undefined || installed.module === stream;
};

const streamOf = (label: string): string => label.split(':').slice(0, 2).join(':');

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
