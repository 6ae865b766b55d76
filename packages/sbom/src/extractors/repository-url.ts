/** The commit that the address of a repository ends with: `git+https://host/project.git#<commit>`, or an archive of one. */
export const commitOf = (address: string): { readonly commit?: string } => {
  const found =
    /[#@=]([0-9a-f]{7,64})$/i.exec(address)?.[1] ??
    /^https:\/\/codeload\.github\.com\/[^/]+\/[^/]+\/[\w.]+\/([0-9a-f]{40})$/.exec(address)?.[1];
  return found === undefined ? {} : { commit: found.toLowerCase() };
};
