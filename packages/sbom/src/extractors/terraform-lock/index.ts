import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractTerraformLock } from './extract.ts';

/** Lock files of Terraform and OpenTofu. */
export const terraformLock: FileExtractor = {
  name: 'terraform-lock',
  type: 'terraform',
  evidence: 'locked',
  reads: ['.terraform.lock.hcl'],
  wish: { names: ['.terraform.lock.hcl'] },
  maxBytes: maxTextBytes,
  extract: extractTerraformLock,
};
