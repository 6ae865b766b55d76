import { maskProgramOptions } from './program-options.ts';
import { isSecretName } from './secret-names.ts';

export const mask = '****';

/**
 * The arguments of a process with what is secret in them replaced. It errs on the side of hiding: an argument vector is
 * readable by everyone on its host, but a console keeps it longer and shows it to more people.
 */
export const maskArguments = (argv: readonly string[]): readonly string[] => {
  const masked: string[] = [];
  let maskNext = false;
  for (const argument of maskProgramOptions(argv)) {
    const hidesThis = maskNext && !argument.startsWith('-');
    maskNext = false;
    if (hidesThis) {
      masked.push(mask);
      continue;
    }
    masked.push(maskText(argument));
    maskNext = masked.length > 1 && isSecretOption(argument);
  }
  return masked;
};

/** A piece of text (an argument, a script given as one) with the secrets in it replaced. */
export const maskText = (text: string): string => {
  if (text.length < shortestSecret && !/[:=\s]/.test(text)) return text;
  let result = text;
  for (const [pattern, replacement] of knownForms) result = result.replace(pattern, replacement);
  return maskAssignments(result);
};

/** The value of a name that is no secret's may hold others: `--url=https://host/?token=x`, of which `https` is a name as well. */
const maskAssignments = (text: string): string => {
  let masked = '';
  let from = 0;
  const names = new RegExp(assignment);
  for (let found = names.exec(text); found !== null; found = names.exec(text)) {
    const [, name = '', separator = '', value = ''] = found;
    const valueAt = found.index + name.length + separator.length;
    if (value === mask || !isSecretName(name) || isHarmlessValue(name, value)) {
      names.lastIndex = valueAt;
      continue;
    }
    masked += `${text.slice(from, valueAt)}${mask}`;
    from = valueAt + value.length;
    names.lastIndex = from;
  }
  return masked + text.slice(from);
};

/** A name with a value, a header or an address has one of these characters; of the vendors' keys none is shorter. */
const shortestSecret = 14;

/** `--password secret`: the name alone, its value in the next argument. */
const isSecretOption = (argument: string): boolean =>
  /^--?[A-Za-z][\w.-]{1,63}$/.test(argument) && !/^-[a-z]$/.test(argument) && isSecretName(argument);

/** `PWD=/home/x` is a folder; `token=$TOKEN` and `--password=` name no secret; numbers up to 4 digits are settings. */
const isHarmlessValue = (name: string, value: string): boolean =>
  (/^(old)?pwd$/i.test(name) && value.startsWith('/')) ||
  /^\$\{?\w+\}?$/.test(value) ||
  /^(true|false|yes|no|none|null|on|off|\d{1,4})$/i.test(value);

/** `name=value`, `name: value`, `"name": "value"`; every part is bounded so that no input makes it slow. */
const assignment = /([A-Za-z_][\w.-]{0,63})(["']?(?:\s{0,3}[:=]{1,2}\s{0,3})["']?)([^\s"'&;,|<>(){}]{1,4096})/g;

const knownForms: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host, and scheme://token@host
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"']{0,128}):([^\s/@"']{1,512})@/gi, `$1:${mask}@`],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s/:@"']{20,512})@/gi, `$1${mask}@`],
  [/\b((?:bearer|basic|token|apikey|negotiate)\s{1,3})([A-Za-z0-9._~+/=-]{8,4096})/gi, `$1${mask}`],
  // Header values run to the end of the argument.
  [
    /\b((?:authorization|proxy-authorization|cookie|set-cookie|x-[a-z-]{0,30}(?:key|token|secret))\s?:\s?)(\S.{0,4096})/gi,
    `$1${mask}`,
  ],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8192}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, mask],
  // Keys that vendors made recognisable.
  [/\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g, mask],
  [/\bgh[pousr]_[A-Za-z0-9]{30,255}\b/g, mask],
  [/\bgithub_pat_[A-Za-z0-9_]{30,255}\b/g, mask],
  [/\bglpat-[A-Za-z0-9_-]{20,64}/g, mask],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10,255}/g, mask],
  [/\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,255}/g, mask],
  [/\bsk-[A-Za-z0-9_-]{20,255}/g, mask],
  [/\bAIza[A-Za-z0-9_-]{35}/g, mask],
  [/\bhvs\.[A-Za-z0-9_-]{20,255}/g, mask],
  [/\bnpm_[A-Za-z0-9]{36}\b/g, mask],
  [/\bdckr_pat_[A-Za-z0-9_-]{20,64}/g, mask],
  [/\beyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{2,4096}(?:\.[A-Za-z0-9_-]{0,4096})?/g, mask],
];
