import type { Sbom } from '@parapet/contract';
import { type Command, Option } from 'commander';
import { excludePackages } from '../scan/exclude.ts';
import { makeSbomOf, targets } from '../scan/targets/registry.ts';
import type { Answering } from './answering.ts';

/** What every command takes that reads a target. */
export type TargetFlags = {
  readonly exclude: readonly string[];
  readonly offline?: boolean;
  readonly platform?: string;
};

export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export const targetHelp = `
Targets:
${targets.map(({ name, help }) => `  ${`${name}${name === 'host' ? '' : ':…'}`.padEnd(14)}${help}`).join('\n')}
  A bare name is a folder, an archive, or else an image of the local Docker.`;

export const addTargetOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--exclude <pattern>',
        'leave out what lies at or below this path of the target, e.g. "/srv/**/test"; again for more',
      )
        .default([])
        .argParser(collect),
    )
    .option('--offline', 'ask nothing of the network')
    .option('--platform <os/arch>', 'of an image for several, e.g. linux/arm64');

export const sbomOf = async (name: string, flags: TargetFlags, { signal, progress }: Answering): Promise<Sbom> => {
  const sbom = await makeSbomOf(name, {
    signal,
    say: progress.step,
    offline: flags.offline === true,
    platform: flags.platform,
  });
  return excludePackages(sbom, flags.exclude);
};
