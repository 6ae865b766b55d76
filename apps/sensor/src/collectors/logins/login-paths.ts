export const wtmpPath = '/var/log/wtmp';
export const btmpPath = '/var/log/btmp';
/** The first of these that there is: Debian, Red Hat; SUSE and BusyBox have one for everything. */
export const logPaths = ['/var/log/auth.log', '/var/log/secure', '/var/log/messages'] as const;
