import type { OneTimeLink } from '@parapet/contract/api';
import type { z } from 'zod';

/** A link that the person in front of the screen hands to another. */
export type HandedLink = { readonly link: z.infer<typeof OneTimeLink>; readonly username: string };
