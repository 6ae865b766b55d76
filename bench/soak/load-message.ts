/** What was done in all. */
export type Load = { readonly starts: number; readonly connections: number; readonly files: number };
