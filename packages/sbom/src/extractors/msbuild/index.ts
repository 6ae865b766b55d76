import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractMsbuild } from './extract.ts';

/** What projects of .NET declare, with versions that are kept centrally. */
export const msbuild: FileExtractor = {
  name: 'msbuild',
  type: 'nuget',
  evidence: 'declared',
  reads: ['*.csproj', '*.fsproj', '*.vbproj', 'Directory.Packages.props', 'packages.config'],
  wish: {
    names: ['packages.config', 'Directory.Packages.props', 'Directory.Build.props'],
    extensions: ['csproj', 'fsproj', 'vbproj'],
  },
  maxBytes: maxTextBytes,
  needsNeighbours: true,
  extract: extractMsbuild,
};
