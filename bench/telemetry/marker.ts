/** Marks the starts of a bench among all others. */
export const marker = 'parapet-bench-start';
