/** What released data was made with; it protects nothing but made-up data. */
export const releasedPassphrase = 'released data of a test';
