import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, listOf, textField } from '../fields.ts';

/** Workflows lie in one folder; actions are files of one name anywhere. */
export const isOfActions = (path: string): boolean =>
  /\/\.github\/workflows\/[^/]+$/.test(path) || /\/action\.ya?ml$/.test(path);

/**
 * What `uses` names in steps, in jobs (reusable workflows) and in composite actions. Paths of the same repository and images are
 * left out. `text` is the same document: a version behind a commit stands in the comment on its line.
 */
export const parseActions = (document: Fields, text: string): FoundPackage[] => {
  const jobs = Object.values(fieldsOf(fieldOf(document, 'jobs')));
  const steps = [...jobs, fieldOf(document, 'runs')].flatMap((job) => listOf(fieldOf(job, 'steps')));
  const used = [...jobs, ...steps].flatMap((entry) => textField(entry, 'uses') ?? []);
  const comments = commentsOf(text);
  return [...new Set(used)].flatMap((reference) => actionOf(reference, comments.get(reference)) ?? []);
};

/** Advisories speak of the repository, whichever of its actions is used. */
const actionOf = (reference: string, comment: string | undefined): FoundPackage | undefined => {
  const [, owner, repository, ref] =
    /^([\w.-]{1,100})\/([\w.-]{1,100})(?:\/[^@\s]{0,512})?@(\S{1,256})$/.exec(reference.trim()) ?? [];
  if (owner === undefined || repository === undefined || ref === undefined || /^\.+$/.test(owner)) return undefined;
  const name = `${owner}/${repository}`;
  if (!/^[0-9a-f]{40}$|^[0-9a-f]{64}$/.test(ref)) return { name, version: ref.replace(/^v(?=\d)/, ''), isDirect: true };
  return { name, version: comment ?? '', isDirect: true, commit: ref };
};

const maxLines = 200_000;

/** People and their tools write `uses: owner/action@<commit> # v4.1.2`. */
const commentsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split('\n', maxLines).flatMap((line) => {
      const [, reference, version] =
        /\buses:\s{1,8}["']?([^\s"'#]{1,700})["']?\s{1,32}#\s{0,8}(?:tag=)?v?(\d[\w.-]{0,63})\s*$/.exec(
          line.slice(0, 2000),
        ) ?? [];
      return reference === undefined || version === undefined ? [] : [[reference, version] as const];
    }),
  );
