import { programOf } from './file-path.ts';
import type { ObservedProcess } from './observation.ts';

/** Programs that run packages which they read like data: nothing that the kernel maps tells which. By type of package URL. */
const interpreters: readonly (readonly [type: string, program: RegExp])[] = [
  ['npm', /^(?:node(?:js)?(?:-?\d+)?|bun|deno)$/],
  ['pypi', /^(?:python[\d.]*|pypy[\d.]*|uwsgi)$/],
  ['gem', /^(?:j?ruby[\d.]*|truffleruby)$/],
  ['composer', /^(?:php[\d.]*|php-(?:cgi|fpm)[\d.]*|frankenphp)$/],
  ['maven', /^java$/],
];

/** The types of packages that interpreters run. */
export const interpretedTypes: readonly string[] = interpreters.map(([type]) => type);

/** For PostgreSQL: paths of programs that may be one of them. */
export const interpreterPattern = '/(node|bun|deno|python|pypy|uwsgi|ruby|jruby|truffleruby|php|frankenphp|java)[^/]*$';

/** The processes that run packages of a type. */
export const interpretersOf = (type: string, processes: readonly ObservedProcess[]): readonly ObservedProcess[] => {
  const program = interpreters.find(([known]) => known === type)?.[1];
  if (program === undefined) return [];
  return processes.filter(({ executable }) => program.test(programOf(executable.replace(/ \(deleted\)$/, ''))));
};

/**
 * Files that a process was told to run: absolute paths among its arguments, each entry of a class path. A folder of jars
 * (`/lib/*`) names none of them.
 */
export const filesToldOf = (process: ObservedProcess): readonly string[] =>
  process.arguments.flatMap((argument) =>
    argument
      .replace(/^-[A-Za-z-]+[=:]/, '')
      .split(':')
      .filter((part) => part.startsWith('/')),
  );
