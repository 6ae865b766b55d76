import type { RiskFactor } from '@parapet/contract/api';
import { type ExposureKind, exposureOf, exposureWhenNotInUse } from './exposure.ts';
import { impactOf } from './impact.ts';
import type { PackageUse, Workload } from './observation.ts';
import { type UseKind, useOf } from './use.ts';

/** What a workload contributes to the risk of any vulnerability in one of its packages. */
export type InstanceContext = {
  readonly exposureKind: ExposureKind;
  readonly useKind: UseKind;
  readonly exposure: RiskFactor;
  readonly use: RiskFactor;
  readonly impact: RiskFactor;
  /** exposure x use x impact: orders instances whatever the vulnerability. */
  readonly product: number;
};

/** `use` is how the workload's processes use the package; absent when none was seen to. */
export const contextOf = (workload: Workload, use?: PackageUse): InstanceContext => {
  if (use !== undefined) return compute(workload, use);
  const known = unused.get(workload) ?? compute(workload, undefined);
  unused.set(workload, known);
  return known;
};

/** Most packages are in use nowhere: of an image with a thousand containers each of them asks the same a thousand times. */
const unused = new WeakMap<Workload, InstanceContext>();

const compute = (workload: Workload, use: PackageUse | undefined): InstanceContext => {
  const used = useOf(workload, use);
  const exposure = used.kind === 'installed' ? exposureWhenNotInUse(workload) : exposureOf(workload, use);
  const impact = impactOf(workload, use);
  return {
    exposureKind: exposure.kind,
    useKind: used.kind,
    exposure: exposure.factor,
    use: used.factor,
    impact,
    product: exposure.factor.value * used.factor.value * impact.value,
  };
};
