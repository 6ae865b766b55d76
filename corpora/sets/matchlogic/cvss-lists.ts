import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scoresOfCvss } from '../../../packages/advisories/src/index.ts';
import { createPart, type PartScore } from '../../score.ts';

/** Lists of vectors: with scores (the last number is the one of the whole vector), to be accepted, to be refused (`*error*`). */
export const runCvssLists = async (folder: string): Promise<readonly PartScore[]> => {
  const files = await readdir(folder).catch((): string[] => []);
  const parts: PartScore[] = [];
  for (const file of files.filter((name) => name.endsWith('.list')).sort()) {
    const part = createPart(`cvss-claircore/${file}`);
    const mustFail = /err|bad|invalid/i.test(file);
    for (const line of (await readFile(join(folder, file), 'utf8')).split('\n')) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      const [vector = '', ...scores] = line.trim().split(/\s+/);
      const answer = scoresOfCvss(vector);
      const expected = mustFail ? 'refused' : (scores.at(-1) ?? 'accepted');
      const actual = answer === undefined ? 'refused' : scores.length === 0 ? 'accepted' : String(answer.overall);
      part.check(line, /^[\d.]+$/.test(expected) ? String(Number(expected)) : expected, actual);
    }
    parts.push(part.score());
  }
  return parts;
};
