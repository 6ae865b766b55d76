/**
 * What a process that runs our sources inherits where it is given an environment of its own: where programs lie, and what other
 * processes of this run have compiled already.
 */
export const sourcesEnvironment = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
} as const;
