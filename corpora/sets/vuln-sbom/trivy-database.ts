import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type AdvisoryDatabase, buildDatabase, openAdvisoryDatabase } from '../../../packages/advisories/src/index.ts';
import { osvZip } from '../../../packages/advisories/src/testing/feeds.ts';

const texts = z.array(z.union([z.string(), z.number()]).transform(String)).nullish();

/** Buckets inside buckets: `npm::…` -> package -> vulnerability. */
const Buckets = z.array(
  z.object({
    bucket: z.string(),
    pairs: z.array(
      z.object({
        bucket: z.string().optional(),
        pairs: z
          .array(
            z.object({
              key: z.string().optional(),
              value: z.object({ PatchedVersions: texts, VulnerableVersions: texts }).optional(),
            }),
          )
          .nullish(),
      }),
    ),
  }),
);

/** OSV's names of its buckets. */
const ecosystems: Readonly<Record<string, string>> = {
  npm: 'npm',
  pip: 'PyPI',
  rubygems: 'RubyGems',
  cargo: 'crates.io',
  composer: 'Packagist',
  maven: 'Maven',
  go: 'Go',
  nuget: 'NuGet',
  pub: 'Pub',
  erlang: 'Hex',
  conan: 'ConanCenter',
  swift: 'SwiftURL',
  cocoapods: 'CocoaPods',
};

/** Makes an advisory database of the language buckets of trivy's fixture database. */
export const openTrivyDatabase = async (folder: string, scratch: string): Promise<AdvisoryDatabase> => {
  const records: Record<string, unknown>[] = [];
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.yaml'))) {
    const parsed = Buckets.safeParse(parse(await readFile(join(folder, file), 'utf8')));
    // Buckets of distributions and of details have other shapes; the language cases need neither.
    if (parsed.success) records.push(...parsed.data.flatMap(recordsOf));
  }
  const path = join(scratch, 'trivy.zip');
  const content = osvZip(records);
  await writeFile(path, content);
  const built = await buildDatabase({
    files: [
      { id: 'osv/npm', path, sizeBytes: content.length, sha256: createHash('sha256').update(content).digest('hex') },
    ],
    databaseDir: join(scratch, 'databases'),
    origin: 'bundle',
    onBroken: () => 'give-up',
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  const opened = built.ok ? openAdvisoryDatabase(built.value.path) : built;
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
};

const recordsOf = ({ bucket, pairs }: z.infer<typeof Buckets>[number]): Record<string, unknown>[] => {
  const ecosystem = ecosystems[bucket.split('::', 1)[0] ?? ''];
  if (ecosystem === undefined) return [];
  return pairs.flatMap((entry) =>
    (entry.pairs ?? []).flatMap(({ key, value }, index) => {
      if (key === undefined || value === undefined || entry.bucket === undefined) return [];
      const ranges = rangesOf(value.VulnerableVersions ?? [], value.PatchedVersions ?? []);
      // The same vulnerability is told of several packages, and each record needs an id of its own.
      const id = `TRIVY-${bucket}-${entry.bucket}-${index}`;
      return [
        {
          id,
          aliases: [key],
          modified: '2026-01-01T00:00:00Z',
          affected: [{ package: { ecosystem, name: entry.bucket }, ranges }],
        },
      ];
    }),
  );
};

/** Each text is one range (`>= 1.0, < 1.2`); without any, everything before the patched version. */
const rangesOf = (vulnerable: readonly string[], patched: readonly string[]): readonly unknown[] => {
  const texts = vulnerable.length > 0 ? vulnerable : patched.slice(0, 1).map((version) => `< ${version}`);
  return texts
    .flatMap((text) => text.split('||'))
    .map((text) => ({ type: 'ECOSYSTEM', events: eventsOf(text.trim()) }));
};

const eventsOf = (text: string): readonly Record<string, string>[] => {
  const interval = /^([[(])\s*([^,]*),\s*([^,]*?)\s*([\])])$/.exec(text);
  const parts =
    interval === null
      ? text.split(/\s*,\s*|\s+(?=[<>=])/)
      : [
          ...(interval[2] === '' ? [] : [`>= ${interval[2]}`]),
          ...(interval[3] === '' ? [] : [`${interval[4] === ']' ? '<=' : '<'} ${interval[3]}`]),
        ];
  const events = parts.flatMap((part): Record<string, string>[] => {
    const [, operator = '', version = ''] = /^(>=|<=|[<>=]?)\s*(\S+)$/.exec(part.trim()) ?? [];
    if (operator === '>=' || operator === '>') return [{ introduced: version }];
    if (operator === '<=') return [{ last_affected: version }];
    return operator === '<' ? [{ fixed: version }] : [{ introduced: version }, { last_affected: version }];
  });
  return events.some((event) => 'introduced' in event) ? events : [{ introduced: '0' }, ...events];
};
