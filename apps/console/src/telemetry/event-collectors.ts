/** Those of a sensor that tell events and account for them. */
export const eventCollectors = ['activity', 'files', 'logins', 'accounts'] as const;
