import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isSettingName, otherPrograms } from './settings.ts';

test('every variable of the sensor may stand in the console’s environment, since up passes on all', async () => {
  const source = await readFile(join(import.meta.dirname, '../../../sensor/src/config/env.ts'), 'utf8');
  const names = [...new Set(source.match(/PARAPET_[A-Z_]+/g))];
  expect(names.length).toBeGreaterThan(8);
  expect(names.filter((name) => !otherPrograms.has(name) && !isSettingName(name))).toEqual([]);
});
