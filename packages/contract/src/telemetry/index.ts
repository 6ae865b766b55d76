export * from './event.ts';
export * from './fields.ts';
export * from './glob.ts';
export * from './hunt-tokens.ts';
export * from './line.ts';
export * from './policy.ts';
