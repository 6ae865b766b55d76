export * from './api/index.ts';
export * from './control.ts';
export * from './sbom.ts';
export * from './scan-report.ts';
