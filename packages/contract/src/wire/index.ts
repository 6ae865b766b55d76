export * from './bare-container.ts';
export * from './digest.ts';
export * from './enrolment.ts';
export * from './frame.ts';
export * from './look.ts';
export * from './messages.ts';
export * from './none-here.ts';
export * from './records.ts';
