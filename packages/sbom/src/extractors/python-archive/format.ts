/** Whether an entry is the metadata of the archive's own package, and not of one that it carries along. */
export const isOwnMetadata = (name: string): boolean =>
  name === 'EGG-INFO/PKG-INFO' || /^[^/]+\.dist-info\/METADATA$/.test(name);
