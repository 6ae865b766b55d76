import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type AdvisoryDatabase, importBundle, openAdvisoryDatabase } from '../../../packages/advisories/src/index.ts';
import { createPart, type PartScore } from '../../score.ts';

const Answers = z.array(
  z.object({
    ecosystem: z.string(),
    name: z.string(),
    version: z.string().nullish(),
    commit: z.string().nullish(),
    vulns: z.array(z.string()),
  }),
);

/** The recordings are of the middle of 2026; what was published or changed after says nothing about them. */
const recordedUntil = '2026-05-01';

/**
 * What api.osv.dev answered for a name and a version, against the feeds of `FEEDS_BUNDLE` or those beside the corpora. An
 * answer counts as far as our data has its ids and says something there of the package in that ecosystem; ids of ours that were not answered count unless they are newer. Questions about
 * ecosystems without data, and about commits, are not counted: `notCovered` says how many.
 */
export const runOsvAnswers = async (
  folder: string,
): Promise<{ readonly parts: readonly PartScore[]; readonly notCovered: readonly string[] }> => {
  const bundle = await bundleBeside(folder);
  if (bundle === undefined) return { parts: [], notCovered: ['osv-api-answers: no feed bundle (FEEDS_BUNDLE)'] };
  const scratch = await mkdtemp(join(tmpdir(), 'parapet-corpora-feeds-'));
  try {
    const imported = await importBundle(bundle, { databaseDir: scratch });
    if (!imported.ok) return { parts: [], notCovered: [`osv-api-answers: ${imported.error.message}`] };
    return await compareAnswers(join(folder, 'osv-api-answers.json'), imported.value.path);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

const bundleBeside = async (folder: string): Promise<string | undefined> => {
  const given = process.env.FEEDS_BUNDLE;
  if (given !== undefined) return given;
  const path = resolve(folder, '../../feeds/feeds-2026-11.tar.zst');
  return (await stat(path).catch(() => undefined)) === undefined ? undefined : path;
};

const compareAnswers = async (
  path: string,
  databasePath: string,
): Promise<{ readonly parts: readonly PartScore[]; readonly notCovered: readonly string[] }> => {
  const opened = openAdvisoryDatabase(databasePath);
  if (!opened.ok) throw new Error(opened.error.message);
  using database = opened.value;
  const part = createPart('osv-api-answers');
  const unanswerable = new Map<string, number>();
  for (const { ecosystem, name, version, vulns } of Answers.parse(JSON.parse(await readFile(path, 'utf8')))) {
    const hasData = database.sources.some(({ id }) => id === `osv/${ecosystem.split(':', 1)[0]}`);
    if (!hasData || !version) {
      const why = ecosystem === '' || ecosystem === 'GIT' ? 'commits' : (ecosystem.split(':', 1)[0] ?? '');
      unanswerable.set(why, (unanswerable.get(why) ?? 0) + 1);
      continue;
    }
    const expected = vulns.filter((id) => speaksOf(database, id, ecosystem, name));
    const found = database
      .affecting(ecosystem, name, version)
      .filter((id) => vulns.includes(id) || (database.advisory(id)?.published ?? '') < recordedUntil);
    part.check(`${ecosystem} ${name} ${version}`, expected.sort().join(' '), found.sort().join(' '));
  }
  return {
    parts: [part.score()],
    notCovered: [...unanswerable].map(
      ([why, count]) => `osv-api-answers: ${count} about ${why}, of which the feeds say nothing`,
    ),
  };
};

/** The sample's records of Alpine name fewer releases than those that the recordings were made from. */
const speaksOf = (database: AdvisoryDatabase, id: string, ecosystem: string, name: string): boolean =>
  database
    .advisory(id)
    ?.affected.some((entry) => entry.ecosystem === ecosystem && entry.package.toLowerCase() === name.toLowerCase()) ??
  false;
