/** Marks the starts of a bench among all others. */
export const marker = 'parapet-bench-start';
/** What a bench asks resolvers for lies below it. */
export const askedDomain = 'packets.bench.invalid';
