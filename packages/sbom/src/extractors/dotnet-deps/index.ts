import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractDotnetDeps } from './extract.ts';
import { isDepsFile } from './format.ts';

/** What a published program of .NET brings along. */
export const dotnetDeps: FileExtractor = {
  name: 'dotnet-deps',
  type: 'nuget',
  evidence: 'installed',
  reads: ['*.deps.json'],
  wish: { extensions: ['json'], accepts: isDepsFile },
  maxBytes: maxTextBytes,
  extract: extractDotnetDeps,
};
