import type { VersionScheme } from '../../scheme.ts';
import { compareNuGetVersions, isNuGetVersion } from './compare.ts';

/** NuGet's order: semantic versions with a fourth number, regardless of case; https://learn.microsoft.com/nuget/concepts/package-versioning. */
export const nugetScheme: VersionScheme = {
  name: 'nuget',
  ecosystems: ['NuGet'],
  isValid: isNuGetVersion,
  compare: compareNuGetVersions,
};
