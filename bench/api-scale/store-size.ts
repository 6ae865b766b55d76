export type StoreSize = {
  readonly hosts: number;
  readonly images: number;
  readonly containersPerHost: number;
  /** Per host and image. */
  readonly packagesEach: number;
  readonly findingsEach: number;
  readonly vulnerabilities: number;
  readonly products: number;
  readonly edges: number;
};

export type Execute = (text: string) => Promise<void>;
