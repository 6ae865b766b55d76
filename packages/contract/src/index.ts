export * from './api/index.ts';
export * from './sbom.ts';
