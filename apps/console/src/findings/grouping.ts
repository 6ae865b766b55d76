/** By what findings are put together. */
export type Grouping = 'fix' | 'vulnerability' | 'asset' | 'package';
