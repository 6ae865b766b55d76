import type { FileExtractor } from '../extractor.ts';
import { extractDotnetAssembly } from './extract.ts';

/** Assemblies of .NET, by the version that they carry as a resource. */
export const dotnetAssembly: FileExtractor = {
  name: 'dotnet-assembly',
  type: 'nuget',
  evidence: 'installed',
  reads: ['*.dll', '*.exe'],
  wish: { extensions: ['dll', 'exe'] },
  maxBytes: 512 * 1024 * 1024,
  extract: extractDotnetAssembly,
};
