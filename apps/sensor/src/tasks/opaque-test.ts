/** Overlays mark a folder that hides what is below it by an attribute, which Node cannot read; only then is the kernel loaded. */
export const opaqueTest = async (): Promise<(path: string) => Promise<boolean>> => {
  const { readExtendedAttribute } = await import('@parapet/kernel');
  return async (path) =>
    ['trusted.overlay.opaque', 'user.overlay.opaque'].some(
      (name) => readExtendedAttribute(path, name)?.toString('latin1') === 'y',
    );
};
