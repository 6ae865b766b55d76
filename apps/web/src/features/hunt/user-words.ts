/** A user as an event or the inventory names it: by name, or where no name is known by its number. */
export const userName = (user: string): string => (user === '0' ? 'root' : /^\d+$/.test(user) ? `uid ${user}` : user);
