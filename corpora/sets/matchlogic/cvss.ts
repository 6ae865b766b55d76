import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CvssScores, scoresOfCvss } from '../../../packages/advisories/src/index.ts';
import { createPart, type PartScore } from '../../score.ts';

/** Lines `VECTOR - (base, temporal, environmental)` for 2 and 3, `VECTOR - score` or `(score,)` for 4. */
export const runCvss = async (folder: string): Promise<readonly PartScore[]> => {
  const parts: PartScore[] = [];
  for (const file of (await readdir(folder)).filter((name) => name.startsWith('vectors_')).sort()) {
    const part = createPart(`cvss/${file}`);
    for (const line of (await readFile(join(folder, file), 'utf8')).split('\n')) {
      const [, vector, text] = /^(\S+) - (.+)$/.exec(line.trim()) ?? [];
      if (vector === undefined || text === undefined) continue;
      const expected = text
        .replace(/[()]/g, '')
        .split(',')
        .map((score) => score.trim())
        .filter(Boolean);
      part.check(line, expected.map(numberOf).join(), answersOf(scoresOfCvss(vector)).slice(0, expected.length).join());
    }
    parts.push(part.score());
  }
  return parts;
};

const numberOf = (text: string): string => (text === 'None' ? '-' : String(Math.abs(Number(text))));

const answersOf = (scores: CvssScores | undefined): readonly string[] => {
  if (scores === undefined) return ['refused'];
  if (scores.version === '4.0') return [String(scores.overall)];
  return [scores.base, scores.temporal, scores.environmental].map((score) => String(score ?? '-'));
};
