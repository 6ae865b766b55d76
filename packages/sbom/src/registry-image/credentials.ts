import { fail, ok, type Problem, parseJson, problem, type Result } from '@parapet/core';
import { z } from 'zod';

export type RegistryCredentials =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  /** A refresh token that `docker login` got instead of a password. */
  | { readonly kind: 'identity-token'; readonly token: string };

const DockerConfig = z.object({
  auths: z
    .record(z.string(), z.object({ auth: z.string().optional(), identitytoken: z.string().optional() }))
    .default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().default(''),
});

const HelperAnswer = z.object({ Username: z.string(), Secret: z.string() });

/** Runs `docker-credential-NAME get` with the registry's name as its input; undefined when it knows none. */
export type CredentialHelper = (name: string, registry: string) => Promise<string | undefined>;

/**
 * Finds the credentials of a registry in Docker's `config.json`: those in the file, or those of the program it names. Fails with
 * `bad-docker-config`; no credentials are no failure.
 */
export const credentialsFrom = async (
  configText: string,
  registry: string,
  helper: CredentialHelper,
): Promise<Result<RegistryCredentials | undefined, Problem>> => {
  const config = parseJson(configText, DockerConfig);
  if (!config.ok)
    return fail(problem('bad-docker-config', `Docker’s config.json cannot be read: ${config.error.message}`));
  const { auths, credHelpers, credsStore } = config.value;
  const named = Object.hasOwn(credHelpers, registry) ? credHelpers[registry] : credsStore;
  if (named !== undefined && named !== '') {
    // The name becomes part of a program's name.
    if (!/^[\w.-]{1,64}$/.test(named))
      return fail(problem('bad-docker-config', 'Docker’s config.json names an odd credential helper.'));
    const answer = await helper(named, registry);
    if (answer !== undefined) return fromHelper(answer);
  }
  const entry = [registry, `https://${registry}`, `https://${registry}/v1/`, `https://${registry}/v2/`].find((key) =>
    Object.hasOwn(auths, key),
  );
  const { auth, identitytoken } = (entry === undefined ? undefined : auths[entry]) ?? {};
  if (identitytoken !== undefined && identitytoken !== '') return ok({ kind: 'identity-token', token: identitytoken });
  const decoded = Buffer.from(auth ?? '', 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return ok(
    colon < 1 ? undefined : { kind: 'basic', user: decoded.slice(0, colon), password: decoded.slice(colon + 1) },
  );
};

const fromHelper = (text: string): Result<RegistryCredentials, Problem> => {
  const answer = parseJson(text, HelperAnswer);
  if (!answer.ok) return fail(problem('bad-docker-config', 'The credential helper’s answer cannot be read.'));
  const { Username: user, Secret: password } = answer.value;
  return ok(user === '<token>' ? { kind: 'identity-token', token: password } : { kind: 'basic', user, password });
};
