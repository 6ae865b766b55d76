import { z } from 'zod';

/** What is read of the Docker Engine API's answers; everything else in them is dropped. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const stringMap = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

export const DockerVersion = z.object({ Version: text, ApiVersion: text, MinAPIVersion: text });
export type DockerVersion = z.infer<typeof DockerVersion>;

export const DockerContainerList = z.array(z.object({ Id: z.string().max(128) })).max(100_000);

const Network = z.object({
  NetworkID: text,
  IPAddress: text,
  IPPrefixLen: z.number().nullish(),
  GlobalIPv6Address: text,
  GlobalIPv6PrefixLen: z.number().nullish(),
});

export const DockerContainer = z.object({
  Id: z.string().max(128),
  Created: text,
  Name: text,
  Image: text,
  State: z.object({
    Status: text,
    OOMKilled: z.boolean().nullish(),
    Pid: z.number().nullish(),
    ExitCode: z.number().nullish(),
    StartedAt: text,
    FinishedAt: text,
  }),
  Config: z.object({ Image: text, User: text, Labels: stringMap }),
  HostConfig: z.object({
    NetworkMode: text,
    PidMode: text,
    Privileged: z.boolean().nullish(),
    ReadonlyRootfs: z.boolean().nullish(),
    CapAdd: z.array(z.string()).nullish(),
  }),
  Mounts: z
    .array(z.object({ Type: text, Source: text, Destination: text, RW: z.boolean().nullish() }))
    .nullish()
    .transform((value) => value ?? []),
  NetworkSettings: z.object({
    Ports: z
      .record(z.string(), z.array(z.object({ HostIp: text, HostPort: text })).nullish())
      .nullish()
      .transform((value) => value ?? {}),
    Networks: z
      .record(z.string(), Network.nullish())
      .nullish()
      .transform((value) => value ?? {}),
  }),
  GraphDriver: z.object({ Name: text, Data: stringMap }).nullish(),
});
export type DockerContainer = z.infer<typeof DockerContainer>;

export const DockerImageList = z
  .array(
    z.object({
      Id: z.string().max(128),
      RepoTags: z.array(z.string()).nullish(),
      RepoDigests: z.array(z.string()).nullish(),
    }),
  )
  .max(100_000);
export type DockerImageList = z.infer<typeof DockerImageList>;

export const DockerImage = z.object({
  Id: z.string().max(128),
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
  Created: text,
  Size: z.number().nullish(),
  Architecture: text,
  Config: z.object({ Labels: stringMap }).nullish(),
  Metadata: z.object({ LastTagTime: text }).nullish(),
  RootFS: z.object({ Layers: z.array(z.string()).nullish() }).nullish(),
  GraphDriver: z.object({ Name: text, Data: stringMap }).nullish(),
});
export type DockerImage = z.infer<typeof DockerImage>;

export const DockerEvent = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: text, Attributes: stringMap }),
  /** Nanoseconds; beyond what a double holds exactly, so only compared and divided. */
  timeNano: z.number().nonnegative(),
});
export type DockerEvent = z.infer<typeof DockerEvent>;
