import type { HostRecord } from '@parapet/contract/wire';
import { parseJson, readStreamBounded } from '@parapet/core';
import { z } from 'zod';
import { request } from '../../net/http.ts';

export type CloudFacts = NonNullable<HostRecord['cloud']>;

/** Where the metadata services answer. Tests name a local server; nothing else is ever asked. */
export type MetadataEndpoint = { readonly host: string; readonly port: number };

/** The link-local address that AWS, Google Cloud and Azure share. */
export const metadataEndpoint: MetadataEndpoint = { host: '169.254.169.254', port: 80 };

/** One answer may take this long: outside a cloud nothing answers at all, and starting must not wait for that. */
const answerMs = 300;
const answerBytes = 64 * 1024;

/** Asks the three services side by side; `undefined` outside of them. */
export const readCloudFacts = async (
  endpoint: MetadataEndpoint = metadataEndpoint,
): Promise<CloudFacts | undefined> => {
  const answers = await Promise.all([readAws(endpoint), readGoogle(endpoint), readAzure(endpoint)]);
  const facts = answers.find((answer) => answer !== undefined);
  return facts === undefined ? undefined : withoutEmpty(facts);
};

const text = z.string().max(1024).optional();

const AwsIdentity = z.object({
  instanceId: z.string().min(1).max(1024),
  region: text,
  availabilityZone: text,
  instanceType: text,
  accountId: text,
});

/** IMDSv2 only: version 1 can be reached by tricking a workload into a request. */
const readAws = async (endpoint: MetadataEndpoint): Promise<CloudFacts | undefined> => {
  const token = await ask(endpoint, 'PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '60' });
  if (token === undefined || token.length > 1024) return undefined;
  const headers = { 'x-aws-ec2-metadata-token': token };
  const document = await ask(endpoint, 'GET', '/latest/dynamic/instance-identity/document', headers);
  const identity = parseJson(document ?? '', AwsIdentity);
  if (!identity.ok) return undefined;
  const mac = (await ask(endpoint, 'GET', '/latest/meta-data/mac', headers))?.trim();
  const network =
    mac !== undefined && /^[0-9a-f:]{17}$/.test(mac)
      ? await ask(endpoint, 'GET', `/latest/meta-data/network/interfaces/macs/${mac}/vpc-id`, headers)
      : undefined;
  const { availabilityZone, ...rest } = identity.value;
  return { provider: 'aws', ...rest, zone: availabilityZone, network: network?.trim().slice(0, 1024) };
};

const GoogleInstance = z.object({
  instance: z.object({
    id: z.union([z.number(), z.string()]),
    zone: text,
    machineType: text,
    networkInterfaces: z.array(z.object({ network: text })).optional(),
  }),
  project: z.object({ projectId: text }),
});

const readGoogle = async (endpoint: MetadataEndpoint): Promise<CloudFacts | undefined> => {
  const headers = { 'metadata-flavor': 'Google' };
  const idText = await ask(endpoint, 'GET', '/computeMetadata/v1/instance/id', headers);
  if (idText === undefined || !/^\d{1,32}$/.test(idText.trim())) return undefined;
  const document = parseJson(
    (await ask(endpoint, 'GET', '/computeMetadata/v1/?recursive=true', headers)) ?? '',
    GoogleInstance,
  );
  if (!document.ok) return undefined;
  const { instance, project } = document.value;
  const zone = lastPart(instance.zone);
  return {
    provider: 'gcp',
    // From its own answer: the number in the document is larger than a double holds.
    instanceId: idText.trim(),
    zone,
    region: zone?.replace(/-[a-z]$/, ''),
    instanceType: lastPart(instance.machineType),
    accountId: project.projectId,
    network: lastPart(instance.networkInterfaces?.[0]?.network),
  };
};

const AzureInstance = z.object({
  compute: z.object({
    vmId: z.string().min(1).max(1024),
    location: text,
    zone: text,
    vmSize: text,
    subscriptionId: text,
  }),
});

const readAzure = async (endpoint: MetadataEndpoint): Promise<CloudFacts | undefined> => {
  const document = await ask(endpoint, 'GET', '/metadata/instance?api-version=2021-02-01', { metadata: 'true' });
  const instance = parseJson(document ?? '', AzureInstance);
  if (!instance.ok) return undefined;
  const { vmId, location, zone, vmSize, subscriptionId } = instance.value.compute;
  return {
    provider: 'azure',
    instanceId: vmId,
    region: location,
    zone,
    instanceType: vmSize,
    accountId: subscriptionId,
  };
};

const lastPart = (path: string | undefined): string | undefined => path?.slice(path.lastIndexOf('/') + 1);

const withoutEmpty = (facts: CloudFacts): CloudFacts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== ''));

/** The body of a 200 answer; everything else, and silence, is `undefined`: then this is not that cloud. Never by a proxy. */
const ask = (
  endpoint: MetadataEndpoint,
  method: 'GET' | 'PUT',
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<string | undefined> =>
  new Promise((resolve) => {
    const outgoing = request(
      { host: endpoint.host, port: endpoint.port, method, path, headers: { ...headers }, agent: false },
      (response) => {
        if (response.statusCode !== 200) {
          response.destroy();
          return resolve(undefined);
        }
        readStreamBounded(response, answerBytes).then(
          (body) => resolve(body.ok ? body.value.toString('utf8') : undefined),
          () => resolve(undefined),
        );
      },
    );
    const timer = setTimeout(() => outgoing.destroy(), answerMs);
    outgoing.on('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    outgoing.on('error', () => resolve(undefined));
    outgoing.end();
  });
