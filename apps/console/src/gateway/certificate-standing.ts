/** What the store knows of a certificate that our authority signed. */
export type CertificateStanding =
  | { readonly state: 'usable'; readonly hostId: string }
  | { readonly state: 'revoked'; readonly hostId: string }
  | { readonly state: 'unknown'; readonly message?: string };
