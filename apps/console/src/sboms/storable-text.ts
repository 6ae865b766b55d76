/** Text as PostgreSQL stores it: a workload may have put NUL characters or half surrogate pairs into a name. */
export const storableText = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\ufffd');
