export * from './event.ts';
export * from './fields.ts';
export * from './hunt-tokens.ts';
export * from './line.ts';
