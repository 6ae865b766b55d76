import type { FoundPackage } from '../extractor.ts';

const maxLines = 500_000;

/**
 * The providers of a dependency lock file (Terraform, "Dependency Lock File"), by their whole address. Terraform writes the file
 * itself, one argument a line, so its blocks are read line by line instead of as the language that it is.
 */
export const parseTerraformLock = (text: string): FoundPackage[] => {
  const packages: FoundPackage[] = [];
  let provider: string | undefined;
  for (const line of text.split('\n', maxLines)) {
    const opened = /^\s{0,64}provider\s{1,8}"([\w.-]+(?::\d+)?(?:\/[\w.-]+){1,4})"\s{0,8}\{/.exec(line)?.[1];
    const version = /^\s{0,64}version\s{0,64}=\s{0,64}"([^"\s]{1,256})"/.exec(line)?.[1];
    if (opened !== undefined) provider = opened;
    else if (/^\}/.test(line)) provider = undefined;
    else if (version !== undefined && provider !== undefined) packages.push({ name: provider, version });
  }
  return packages;
};
