import type { Sbom } from '@parapet/contract';
import { AppError, execArgv, readFileBounded } from '@parapet/core';
import {
  type CredentialHelper,
  createSbom,
  credentialsFrom,
  openRegistryImage,
  parseImageReference,
  type RegistryCredentials,
} from '@parapet/sbom';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { dockerConfigPath } from '../../../settings.ts';
import { choiceOf } from '../archive/make-sbom.ts';
import type { TargetContext } from '../target.ts';

export const sbomOfRegistryImage = async (text: string, context: TargetContext): Promise<Sbom> => {
  const reference = parseImageReference(text);
  if (!reference.ok) throw new AppError('usage', 400, reference.error.message);
  if (context.offline) throw new AppError('usage', 400, 'A registry cannot be read with --offline.');
  const credentials = await credentialsOf(reference.value.credentialKey);
  // Proxies as HTTPS_PROXY, HTTP_PROXY and NO_PROXY name them.
  const dispatcher = new EnvHttpProxyAgent();
  try {
    context.say(`Reading ${text} from ${reference.value.host}`);
    const opened = await openRegistryImage({
      ...choiceOf(context),
      reference: reference.value,
      credentials,
      fetch: (url, init) => fetch(url, { ...init, dispatcher }),
    });
    if (!opened.ok) throw new AppError(opened.error.code, 400, opened.error.message);
    const { fileSystem, problems, image } = opened.value;
    const target = { kind: 'image', name: text, digest: image.configDigest } as const;
    return await createSbom({ target, fileSystem, problems, signal: context.signal });
  } finally {
    await dispatcher.destroy();
  }
};

const maxConfigBytes = 1024 * 1024;

const credentialsOf = async (registry: string): Promise<RegistryCredentials | undefined> => {
  const config = await readFileBounded(dockerConfigPath(), maxConfigBytes);
  if (!config.ok) {
    if (config.error.code === 'enoent') return undefined;
    throw new AppError(config.error.code, 400, config.error.message);
  }
  const found = await credentialsFrom(config.value.toString('utf8'), registry, askHelper);
  if (!found.ok) throw new AppError(found.error.code, 400, found.error.message);
  return found.value;
};

const askHelper: CredentialHelper = async (name, registry) => {
  const outcome = await execArgv([`docker-credential-${name}`, 'get'], { input: registry }).catch(() => undefined);
  return outcome?.exitCode === 0 ? outcome.stdout : undefined;
};
