/** `__Host-` makes browsers insist on TLS, this very host and the whole path. */
export const sessionCookie = '__Host-parapet';
