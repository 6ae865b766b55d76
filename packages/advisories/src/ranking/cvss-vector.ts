/**
 * The metrics of each version of CVSS with their values, in the order of its specification: https://www.first.org/cvss/.
 * A metric is mandatory when it belongs to the base group.
 */
type Metrics = { readonly base: readonly string[]; readonly optional: readonly string[]; readonly isOrdered: boolean };

/** Values that most modified and requirement metrics share. */
const metricsOf: Readonly<Record<'2.0' | '3.0' | '3.1' | '4.0', Metrics>> = {
  '2.0': {
    base: ['AV:L|A|N', 'AC:H|M|L', 'Au:M|S|N', 'C:N|P|C', 'I:N|P|C', 'A:N|P|C'],
    optional: [
      'E:U|POC|F|H|ND',
      'RL:OF|TF|W|U|ND',
      'RC:UC|UR|C|ND',
      'CDP:N|L|LM|MH|H|ND',
      'TD:N|L|M|H|ND',
      'CR:L|M|H|ND',
      'IR:L|M|H|ND',
      'AR:L|M|H|ND',
    ],
    isOrdered: false,
  },
  '3.0': version3(),
  '3.1': version3(),
  '4.0': {
    base: [
      'AV:N|A|L|P',
      'AC:L|H',
      'AT:N|P',
      'PR:N|L|H',
      'UI:N|P|A',
      'VC:H|L|N',
      'VI:H|L|N',
      'VA:H|L|N',
      'SC:H|L|N',
      'SI:H|L|N',
      'SA:H|L|N',
    ],
    optional: [
      'E:X|A|P|U',
      'CR:X|H|M|L',
      'IR:X|H|M|L',
      'AR:X|H|M|L',
      'MAV:X|N|A|L|P',
      'MAC:X|L|H',
      'MAT:X|N|P',
      'MPR:X|N|L|H',
      'MUI:X|N|P|A',
      'MVC:X|H|L|N',
      'MVI:X|H|L|N',
      'MVA:X|H|L|N',
      'MSC:X|H|L|N',
      'MSI:X|S|H|L|N',
      'MSA:X|S|H|L|N',
      'S:X|N|P',
      'AU:X|N|Y',
      'R:X|A|U|I',
      'V:X|D|C',
      'RE:X|L|M|H',
      'U:X|Clear|Green|Amber|Red',
    ],
    isOrdered: true,
  },
};

function version3(): Metrics {
  const base = ['AV:N|A|L|P', 'AC:L|H', 'PR:N|L|H', 'UI:N|R', 'S:U|C', 'C:H|L|N', 'I:H|L|N', 'A:H|L|N'];
  return {
    base,
    optional: [
      'E:X|H|F|P|U',
      'RL:X|U|W|T|O',
      'RC:X|C|R|U',
      'CR:X|H|M|L',
      'IR:X|H|M|L',
      'AR:X|H|M|L',
      ...base.map((metric) => `M${metric}|X`),
    ],
    isOrdered: false,
  };
}

/** A vector with every metric of 4.0 has about 190 characters. */
const maxVectorLength = 512;

export type CvssVersion = keyof typeof metricsOf;

/** The version of a vector that its specification allows; `undefined` for any other text. Version 2 has no prefix of its own. */
export const cvssVersionOf = (vector: string): CvssVersion | undefined => {
  if (vector.length > maxVectorLength) return undefined;
  const version = /^CVSS:(3\.0|3\.1|4\.0)\//.exec(vector)?.[1] as CvssVersion | undefined;
  const metrics = version === undefined ? vector : vector.slice('CVSS:x.y/'.length);
  return isAllowed(metrics.split('/'), metricsOf[version ?? '2.0']) ? (version ?? '2.0') : undefined;
};

const isAllowed = (parts: readonly string[], { base, optional, isOrdered }: Metrics): boolean => {
  const places = parts.map((part) => placeOf(part, [...base, ...optional]));
  if (places.includes(-1) || new Set(places).size !== places.length) return false;
  if (isOrdered && places.some((place, index) => index > 0 && place < (places[index - 1] ?? 0))) return false;
  return base.every((_, place) => places.includes(place));
};

const placeOf = (part: string, metrics: readonly string[]): number => {
  const colon = part.indexOf(':');
  const value = part.slice(colon + 1);
  return metrics.findIndex(
    (metric) =>
      metric.startsWith(part.slice(0, colon + 1)) &&
      metric
        .slice(colon + 1)
        .split('|')
        .includes(value),
  );
};
