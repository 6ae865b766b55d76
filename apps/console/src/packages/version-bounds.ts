import { languageRuleOf } from '@parapet/advisories';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { schemeOf, type VersionScheme } from '@parapet/versions';

type Operator = '<' | '<=' | '>' | '>=' | '=' | '!=';
type Bound = { readonly operator: Operator; readonly version: string };

export type VersionBounds = {
  /** True when the version keeps all bounds; undefined where its kind has no order to ask them in. */
  readonly hold: (type: string, version: string) => boolean | undefined;
};

/** More than a person types. */
const boundLimit = 8;
const boundForm = /^(<=|>=|!=|<|>|==?)?\s*([^\s,<>=!]+)[\s,]*/;

/** Reads `1.2.3` or bounds that all must hold, e.g. `>=2.0 <2.17.1`. Fails with `bad-version`. */
export const parseVersionBounds = (text: string): Result<VersionBounds, Problem> => {
  const bounds: Bound[] = [];
  for (let rest = text.trim(); rest !== ''; ) {
    const match = boundForm.exec(rest);
    if (match === null || bounds.length === boundLimit) {
      return fail(problem('bad-version', `“${text}” is no version: write 1.2.3, or bounds such as >=2.0 <2.17.1.`));
    }
    const [whole, operator = '=', version = ''] = match;
    bounds.push({ operator: operator === '==' ? '=' : (operator as Operator), version });
    rest = rest.slice(whole.length);
  }
  if (bounds.length === 0) return fail(problem('bad-version', 'No version is named.'));
  return ok({
    hold: (type, version) => {
      const scheme = schemeOfType(type);
      let known = true;
      for (const bound of bounds) {
        const holds = holdsBound(bound, version, scheme);
        if (holds === false) return false;
        known &&= holds !== undefined;
      }
      return known ? true : undefined;
    },
  });
};

const holdsBound = (bound: Bound, version: string, scheme: VersionScheme | undefined): boolean | undefined => {
  if (scheme === undefined) {
    if (bound.operator === '=') return version === bound.version;
    return bound.operator === '!=' ? version !== bound.version : undefined;
  }
  const order = scheme.compare(version, bound.version);
  switch (bound.operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
  }
};

/** The order of a kind of package: the distributions' by their tools, the languages' by their registry. */
export const schemeOfType = (type: string): VersionScheme | undefined => {
  const ecosystem = distributionOrders.get(type) ?? languageRuleOf(type)?.ecosystem;
  return ecosystem === undefined ? undefined : schemeOf(ecosystem);
};

/** By the package type; any ecosystem that has the scheme stands for it. */
const distributionOrders: ReadonlyMap<string, string> = new Map([
  ['dpkg', 'Debian'],
  ['deb', 'Debian'],
  ['apk', 'Alpine'],
  ['rpm', 'Red Hat'],
  ['pacman', 'Arch Linux'],
  ['alpm', 'Arch Linux'],
]);
