import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

/** One service of a compose file of ours, as arguments of `docker run`. Ports are not published: others may hold them here. */
export type ComposeService = {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly runArguments: readonly string[];
};

/** Reads it with what stands in for named volumes and for files with secrets. Fails where a setting is none that it knows. */
export const readComposeService = async (
  path: URL,
  name: string,
  standIns: { readonly volume: (name: string) => string; readonly secret: (name: string) => string },
): Promise<ComposeService> => {
  const file = ComposeFile.parse(parse(await readFile(path, 'utf8')));
  const service = file.services[name];
  if (service === undefined) throw new Error(`${path.pathname} has no service ${name}`);
  const environment = mapValues(service.environment, withDefaults);
  const flag = (option: string, values: readonly string[]): string[] => values.flatMap((value) => [option, value]);
  const volumes = service.volumes.map((volume) => {
    const [source = '', target = ''] = volume.split(':');
    if (!(source in file.volumes)) throw new Error(`the volume ${source} is not declared`);
    return `${standIns.volume(source)}:${target}`;
  });
  const secrets = service.secrets.map((secret) => {
    if (!(secret in file.secrets)) throw new Error(`the secret ${secret} is not declared`);
    return `${standIns.secret(secret)}:/run/secrets/${secret}:ro`;
  });
  return {
    image: withDefaults(service.image),
    environment,
    runArguments: [
      ...(service.init ? ['--init'] : []),
      ...(service.read_only ? ['--read-only'] : []),
      ...flag('--restart', [service.restart]),
      ...flag(
        '--stop-timeout',
        service.stop_grace_period === undefined ? [] : [service.stop_grace_period.slice(0, -1)],
      ),
      ...flag('--tmpfs', service.tmpfs),
      ...flag('--cap-drop', service.cap_drop),
      ...flag('--security-opt', service.security_opt),
      ...flag('--volume', [...volumes, ...secrets]),
      ...flag(
        '--env',
        Object.entries(environment).map(([key, value]) => `${key}=${value}`),
      ),
    ],
  };
};

const texts = z.array(z.string()).default([]);

/** What our compose files use. A setting that is added must be given to Docker here too. */
const Service = z.strictObject({
  image: z.string(),
  init: z.boolean().default(false),
  restart: z.string(),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
  depends_on: texts,
  ports: texts,
  environment: z.record(z.string(), z.string()).default({}),
  secrets: texts,
  volumes: texts,
  read_only: z.boolean().default(false),
  tmpfs: texts,
  cap_drop: texts,
  security_opt: texts,
});

const ComposeFile = z.strictObject({
  services: z.record(z.string(), Service),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })).default({}),
  volumes: z.record(z.string(), z.null()).default({}),
});

/** `${NAME:-default}` without a value of NAME. */
const withDefaults = (text: string): string => text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');

const mapValues = (
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
