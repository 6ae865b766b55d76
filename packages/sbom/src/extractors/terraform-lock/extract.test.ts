import { describe, expect, it } from 'vitest';
import { namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { terraformLock } from './index.ts';

const lock = `# This file is maintained automatically by "terraform init".

provider "registry.example.org/sample/cloud" {
  version     = "5.31.0"
  constraints = "~> 5.0"
  hashes = [
    "h1:0123456789abcdef=",
  ]
}

provider "registry.example.org:8443/sample/random" {
  version = "3.6.0-beta1"
}

version = "9"
provider "nothing" {
}
`;

describe('.terraform.lock.hcl', () => {
  it('tells each provider', async () => {
    expect(await namesFrom(terraformLock, { '/app/.terraform.lock.hcl': lock })).toEqual([
      'registry.example.org/sample/cloud@5.31.0',
      'registry.example.org:8443/sample/random@3.6.0-beta1',
    ]);
    expect((await packagesOf({ '/.terraform.lock.hcl': lock }))[0]?.purl).toBe(
      'pkg:terraform/registry.example.org/sample/cloud@5.31.0',
    );
  });

  it('survives damage', () => survivesDamage(terraformLock, '/.terraform.lock.hcl', lock));
});
