import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configFileVariable, otherPrograms, type SettingName, settings } from './settings.ts';

const sectionOf = async (title: string): Promise<string> => {
  const text = await readFile(join(import.meta.dirname, '../../../../docs/configuration.md'), 'utf8');
  return text.split('\n## ').find((part) => part.startsWith(`${title}\n`)) ?? '';
};

/** The rows of the console's table in docs/configuration.md: variable names and options. */
const documented = async () => {
  const section = await sectionOf('Console');
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => {
    const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const options = [...(cells[2] ?? '').matchAll(/--[a-z-]+/g)].map(([option]) => option);
    return [...(cells[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name = ''], index) => ({
      name,
      option: options[index],
    }));
  });
};

test('docs/configuration.md has every setting of the console with its option, and no other', async () => {
  const expected = [
    { name: configFileVariable, option: '--config' },
    ...(Object.keys(settings) as SettingName[])
      .filter((name) => settings[name].where !== 'program')
      .flatMap((name) => {
        const { option, secret } = settings[name];
        return [{ name, option }, ...(secret === true ? [{ name: `${name}_FILE`, option: undefined }] : [])];
      }),
  ];
  const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
  expect((await documented()).sort(byName)).toEqual(expected.sort(byName));
});

test('settings of the sensor may stand in the same environment', async () => {
  const names = (await sectionOf('Sensor')).match(/PARAPET_[A-Z_]+/g) ?? [];
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) if (!(name in settings)) expect(otherPrograms).toContain(name);
});
