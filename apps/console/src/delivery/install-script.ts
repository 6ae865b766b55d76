import { createHash } from 'node:crypto';
import { imageName } from './archive/docker-image.ts';
import type { SensorPackage } from './delivery-job.ts';

/** What a script is made from. Nothing of it is secret. */
export type ScriptSettings = {
  readonly version: string;
  /** `https://…` addresses under which hosts reach this console, best first. */
  readonly consoleUrls: readonly string[];
  readonly authorityPin: string;
  readonly packages: readonly SensorPackage[];
};

const settingsMark = '#@settings@';
const architectures = ['x64', 'arm64'] as const;

/** Puts the settings into a script of `deploy/sensor`. Throws when it has no place for them. */
export const renderScript = (template: string, settings: ScriptSettings): string => {
  const at = template.indexOf(settingsMark);
  if (at === -1) throw new Error('the script has no place for its settings');
  const lines = Object.entries(assignments(settings)).map(([name, value]) => `${name}=${shellQuote(value)}`);
  return `${template.slice(0, at)}${lines.join('\n')}${template.slice(at + settingsMark.length)}`;
};

/** A text as one word of a POSIX shell, whatever is in it. */
export const shellQuote = (text: string): string =>
  /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

const assignments = (settings: ScriptSettings): Readonly<Record<string, string>> => ({
  version: settings.version,
  console: settings.consoleUrls[0] ?? '',
  urls: settings.consoleUrls.join(' '),
  listed: settings.consoleUrls.join(','),
  pin: settings.authorityPin,
  image: imageName(settings.version),
  run_hint: settings.packages.every(({ libc }) => libc !== undefined)
    ? 'Is the disk mounted with noexec?'
    : 'The sensor for this processor uses the host’s libraries: glibc 2.28 or newer, libstdc++ and libatomic (on Debian and Ubuntu: apt-get install libstdc++6 libatomic1). Is the disk mounted with noexec?',
  ...Object.assign({}, ...architectures.map((architecture) => ofArchitecture(settings, architecture))),
});

const ofArchitecture = (
  settings: ScriptSettings,
  architecture: (typeof architectures)[number],
): Readonly<Record<string, string>> => {
  const found = settings.packages.find((each) => each.architecture === architecture);
  return {
    [`${architecture}_name`]: found === undefined ? '' : `${found.version}-${found.id}`,
    [`${architecture}_hash`]: found?.sha256 ?? '',
    [`${architecture}_bytes`]: String(found?.sizeBytes ?? 0),
    [`${architecture}_content`]: String(found?.contentBytes ?? 0),
  };
};

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Path of a script on the console. */
export const scriptPath = (sha256: string): string => `/sensor/install/${sha256.slice(0, 16)}.sh`;

export type InstallOptions = { readonly keyText?: string; readonly arguments?: string };

/**
 * The one line a person runs. It fetches the script without looking at the certificate, compares its hash, and only then runs
 * it, so neither a stranger's answer nor half a download is ever run. The key goes in by a pipe: arguments are seen by every
 * user of the host. `keyText` is the key, or the word that stands for it.
 */
export const installCommand = (
  script: { readonly url: string; readonly sha256: string },
  options: InstallOptions,
): string => {
  const inner = [
    `u=${shellQuote(script.url)}`,
    's=$(curl -fsSkL "$u" || wget -qO- --no-check-certificate "$u")',
    '[ -n "$s" ] || { echo "The script could not be fetched by curl or wget. Nothing was run. For a host that cannot fetch it: download $u elsewhere, copy it here, and pipe the key into: sh FILE" >&2; exit 1; }',
    `[ "$(printf "%s\\n" "$s" | sha256sum | cut -c 1-64)" = ${script.sha256} ] || { echo "This is not the script that the console made. Nothing was run." >&2; exit 1; }`,
    '[ "$(id -u)" = 0 ] || r=sudo',
    `exec $r sh -c "$s" parapet${options.arguments === undefined ? '' : ` ${options.arguments}`}`,
  ].join('; ');
  const run = `sh -c ${shellQuote(inner)}`;
  return options.keyText === undefined ? run : `printf %s ${shellQuote(options.keyText)} | ${run}`;
};

/** A compose file for the sensor; the image is loaded before. */
export const composeFile = (settings: ScriptSettings): string => `services:
  parapet-sensor:
    image: ${imageName(settings.version)}
    container_name: parapet-sensor
    restart: unless-stopped
    # It watches the host: its processes, its network, its containers.
    pid: host
    network_mode: host
    uts: host
    cgroup: host
    cap_drop: [ALL]
    cap_add: [DAC_READ_SEARCH, SYS_PTRACE, SYS_ADMIN, NET_ADMIN, NET_RAW]
    security_opt: ["apparmor=unconfined", "no-new-privileges"]
    read_only: true
    # Not where Docker runs without root: it may not lower the score there.
    oom_score_adj: -500
    mem_limit: 512m
    cpus: 0.5
    pids_limit: 64
    environment:
      PARAPET_CONSOLE_URL: ${JSON.stringify(settings.consoleUrls.join(','))}
      PARAPET_AUTHORITY_PIN: ${JSON.stringify(settings.authorityPin)}
      # Needed at the first start only.
      PARAPET_ENROLMENT_KEY: "\${PARAPET_ENROLMENT_KEY:-}"
    volumes:
      # With "ro,rslave", where the host shares its mounts, what is mounted later is seen too.
      - /:/host:ro
      - parapet-sensor:/var/lib/parapet/sensor
volumes:
  parapet-sensor:
    name: parapet-sensor
`;
