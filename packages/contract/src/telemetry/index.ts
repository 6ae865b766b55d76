export * from './event.ts';
export * from './fields.ts';
export * from './line.ts';
