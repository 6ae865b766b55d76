import { createPublicKey, verify } from 'node:crypto';
import { fail, messageOf, ok, type Problem, parseJson, problem, type Result } from '@parapet/core';
import { z } from 'zod';

export const manifestName = 'MANIFEST.json';
/** Ed25519 over the bytes of the manifest: 64 raw bytes, or their base64. */
export const signatureName = 'MANIFEST.json.sig';

/** What a bundle says about one of its files. */
export const ManifestFile = z.object({
  path: z.string().min(1).max(512),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  date: z.string().max(64).optional(),
  licence: z.string().max(4096).optional(),
});
export type ManifestFile = z.infer<typeof ManifestFile>;

const Manifest = z.object({ files: z.array(ManifestFile).min(1).max(10_000) });
export type Manifest = z.infer<typeof Manifest>;

export type SignaturePolicy = {
  /** Trusted Ed25519 public keys, PEM. */
  readonly publicKeys: readonly string[];
  /** Refuse a bundle without a signature. One with a wrong signature is always refused when keys are given. */
  readonly required: boolean;
};

/** Reads the list of a bundle's files. */
export const parseManifest = (content: Buffer): Result<Manifest, Problem> => {
  const parsed = parseJson(content.toString('utf8'), Manifest);
  if (!parsed.ok) {
    return fail(
      problem('bad-manifest', `The bundle's list of files cannot be read: ${parsed.error.message}`, manifestName),
    );
  }
  const paths = parsed.value.files.map(({ path }) => path);
  return new Set(paths).size === paths.length
    ? parsed
    : fail(problem('bad-manifest', "The bundle's list names a file twice.", manifestName));
};

/** Checks the manifest's signature against the policy; the manifest's checksums cover everything else. */
export const checkSignature = (
  manifest: Buffer,
  signature: Buffer | undefined,
  policy: SignaturePolicy | undefined,
): Result<void, Problem> => {
  if (policy === undefined) return ok(undefined);
  if (signature === undefined) {
    return policy.required
      ? fail(problem('unsigned-bundle', `The bundle is not signed (no ${signatureName}), but signatures are demanded.`))
      : ok(undefined);
  }
  const raw = signature.length === 64 ? signature : Buffer.from(signature.toString('latin1').trim(), 'base64');
  try {
    const trusted = policy.publicKeys.some((pem) => verify(null, manifest, createPublicKey(pem), raw));
    return trusted ? ok(undefined) : fail(problem('bad-signature', 'No trusted key made the signature of the bundle.'));
  } catch (error) {
    return fail(problem('bad-signature', `The signature could not be checked: ${messageOf(error)}`));
  }
};
