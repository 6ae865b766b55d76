/** Cases that we answer differently on purpose, or not yet, each with its reason. */
export const knownMisses: readonly {
  readonly set: string;
  readonly part: string;
  readonly case: RegExp;
  readonly why: string;
}[] = [
  {
    set: 'matchlogic',
    part: 'versions/maven-versions-generated.txt',
    case: /^1\.1\.0-01-glassfish < 1\.1\.0\.Beta1$/,
    why: "Maven's rules go in a circle here (1.1.0 < 1.1.0-01 < 1.1.0.Beta1 < 1.1.0); an order that sorts and whose ranges hold can keep two of the three, and a beta before its release matters more.",
  },
  {
    set: 'matchlogic',
    part: 'purl-spec',
    case: /^types\/(?:gem|rpm)-test\.json parse .*\?(?:Platform|Arch)=/,
    why: 'The same text has to be refused by one case and to be brought into its canonical form by another; qualifiers in upper case are read, as the maven cases want.',
  },
  {
    set: 'vuln-sbom',
    part: 'osv-api-answers',
    case: /^Alpine:v3\.18 busybox 1\.30\.1-r5$/,
    why: 'The feed has a record (ALPINE-CVE-2021-28831, fixed in 1.33.0-r5) that the recording lacks; the record is older than it.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /(?:dpkg|opkg)\/statusfield$/,
    why: 'Packages that are unpacked or half installed have their files on disk, so they are reported; one case reports only installed ones, the other also removed ones whose configuration is left.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /renvlock\/testdata\/with-bioconductor\.lock$/,
    why: 'Packages of Bioconductor are reported by a type of their own, of which OSV has an ecosystem; the case leaves them out.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /perl\/cpan\/testdata\/META_correct1\.yml$/,
    why: 'The file names a distribution, its version and the specification that it follows; the case lists nothing of it.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /gomod\/testdata\/indirect-packages\.mod$/,
    why: 'The case was made with indirect requirements left out; they are compiled in like all others, so they are reported.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /archive\/testdata\/no_pom_properties-2\.4\.0\.jar$/,
    why: 'The groups org.apache.ivy and org.elasticsearch come from a search by checksum on the Internet, which a scan does not make.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /archive\/testdata\/com\.google\.src\.yolo-0\.1\.2\.jar$/,
    why: 'The case was made with file names and manifests not used; name and version stand in both.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /dotnetpe\/testdata\/HelloWorldApp\.dll$/,
    why: 'The case lists the assemblies that the program refers to by their binding versions; we report the assembly itself by the version of its product, because what is referred to need not be there, and binding versions are not those of packages.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /pomxml\/testdata\/with-parent\.xml$/,
    why: "The version of org.dave:dave stands in parent/pom.xml, which is not among the case's files.",
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /pomxml\/testdata\/multi-version\.xml$/,
    why: 'A project that declares one artifact in two versions is reported with both.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /denojson\/testdata\/deno\.json$/,
    why: "The case makes versions 1.0.0 of ranges, drops imports without one and the @ of JSR's scopes.",
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /packagejson\/testdata\/duplicate-keys\.json$/,
    why: 'The case also counts what a manifest asks for; what is installed has a manifest of its own, and what is locked stands in the lock file.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /requirements\/testdata\/per_req_options\.txt$/,
    why: 'One line is no requirement by PEP 508 (words after the version); the case takes the words for a part of the version.',
  },
  {
    set: 'vuln-sbom',
    part: 'scalibr',
    case: /gemspec\/testdata\/version_constant(?:_\w+)?\/version_constant(?:_\w+)?\.gemspec$/,
    why: "The version stands in lib/.../version.rb, which is not among the case's files.",
  },
];
