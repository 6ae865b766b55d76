import { mask, maskText } from './mask-arguments.ts';
import { isSecretName } from './secret-names.ts';

/** Labels as they may be shown: people keep passwords even there. */
export const safeLabels = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => name.length <= 256)
      .slice(0, 256)
      .map(([name, value]) => [name, (isSecretName(name) ? mask : maskText(value)).slice(0, 1024)]),
  );
