import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scoreCvss } from '../../../packages/advisories/src/index.ts';
import { createPart, type PartScore } from '../../score.ts';

/** Lines `VECTOR - (base, temporal, environmental)` for 2 and 3, `VECTOR - score` or `(score,)` for 4. Base scores are compared. */
export const runCvss = async (folder: string): Promise<readonly PartScore[]> => {
  const parts: PartScore[] = [];
  for (const file of (await readdir(folder)).filter((name) => name.startsWith('vectors_')).sort()) {
    const part = createPart(`cvss base score/${file}`);
    for (const line of (await readFile(join(folder, file), 'utf8')).split('\n')) {
      const [, vector, scores] = /^(\S+) - (.+)$/.exec(line.trim()) ?? [];
      if (vector === undefined || scores === undefined) continue;
      const expected = Math.abs(Number(scores.replace(/[()]/g, '').split(',', 1)[0]));
      part.check(line, String(expected), String(scoreCvss(vector)?.score));
    }
    parts.push(part.score());
  }
  return parts;
};
