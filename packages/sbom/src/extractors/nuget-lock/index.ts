import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractNugetLock } from './extract.ts';

/** Lock files of NuGet, and what it restored for a project. */
export const nugetLock: FileExtractor = {
  name: 'nuget-lock',
  type: 'nuget',
  evidence: 'locked',
  reads: ['packages.lock.json', 'project.assets.json'],
  wish: { names: ['packages.lock.json', 'project.assets.json'] },
  maxBytes: maxTextBytes,
  extract: extractNugetLock,
};
