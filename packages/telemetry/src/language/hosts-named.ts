import type { Hunt } from './hunt.ts';

/** The hosts of which all events must be that a hunt finds, by their ids; undefined where it says nothing of hosts. */
export const hostsNamed = (hunt: Hunt): readonly string[] | undefined => {
  switch (hunt.kind) {
    case 'test': {
      const { field, test } = hunt;
      return field === 'host.id' && test.kind === 'equals' && isId(test.value) ? [test.value] : undefined;
    }
    case 'and':
      return hunt.parts.map(hostsNamed).find((hosts) => hosts !== undefined);
    case 'or': {
      const named = hunt.parts.map(hostsNamed);
      return named.every((hosts) => hosts !== undefined) ? named.flat() : undefined;
    }
    case 'all':
    case 'not':
    case 'exists':
      return undefined;
  }
};

const isId = (value: unknown): value is string => typeof value === 'string' && idPattern.test(value);
const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
