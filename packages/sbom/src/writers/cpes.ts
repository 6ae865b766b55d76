import type { Package } from '@parapet/contract';
import { cpeOf } from '../cpe.ts';

/**
 * The CPE names of a package for a document. Packages without a name that advisories know carry their own. Of a distribution's
 * packages they are told for sources whose vendor and product in NVD's dictionary are certain, with the version of the maker:
 * other tools look packages up by them, and a guessed name (`vendor` = `product` = the package) would find other people's holes.
 * What the distribution has repaired in that version a CPE cannot say.
 */
export const cpesOf = (found: Package): readonly string[] => {
  if (found.cpes !== undefined) return found.cpes;
  if (!systemTypes.has(found.type)) return [];
  const source = found.source ?? found;
  // A workload chose the name; those of the table are short.
  if (source.name.length > 64) return [];
  const product = products.get(source.name) ?? products.get(source.name.replace(/[-.]?\d[\d.]*$/, ''));
  if (product === undefined) return [];
  const [vendor = '', name = ''] = product.split(':');
  const part = name === 'linux_kernel' ? 'o' : 'a';
  return [cpeOf({ part, vendor, product: name, version: upstreamVersion(source.version) })];
};

const systemTypes: ReadonlySet<string> = new Set(['dpkg', 'apk', 'rpm', 'alpm', 'opkg']);

/** Without the epoch before it, the distribution's revision after it, and what was taken out of the sources (`+dfsg1`). */
const upstreamVersion = (version: string): string =>
  version
    .replace(/^\d+:/, '')
    .replace(/-[^-]*$/, '')
    .replace(/[+~](?:\d+$|dfsg|ds|repack|git|really|deb)[\s\S]*$/, '');

/** `vendor:product` by the name of the source package, or that name without the version at its end (`php8.2`, `postgresql-15`). */
const products: ReadonlyMap<string, string> = new Map(
  `apache2=apache:http_server httpd=apache:http_server bash=gnu:bash bind9=isc:bind bind=isc:bind binutils=gnu:binutils
  busybox=busybox:busybox bzip2=bzip:bzip2 c-ares=c-ares:c-ares containerd=linuxfoundation:containerd coreutils=gnu:coreutils
  cups=openprinting:cups curl=haxx:curl dbus=freedesktop:dbus dnsmasq=thekelleys:dnsmasq docker.io=docker:docker dpkg=debian:dpkg
  dropbear=dropbear_ssh_project:dropbear_ssh exim4=exim:exim expat=libexpat_project:libexpat file=file_project:file
  freetype=freetype:freetype gcc=gnu:gcc git=git-scm:git glib2.0=gnome:glib glib2=gnome:glib glibc=gnu:glibc gnupg2=gnupg:gnupg
  gnutls28=gnu:gnutls gnutls=gnu:gnutls grub2=gnu:grub2 gzip=gnu:gzip haproxy=haproxy:haproxy krb5=mit:kerberos_5
  less=greenwoodsoftware:less libarchive=libarchive:libarchive libgcrypt20=gnupg:libgcrypt libgcrypt=gnupg:libgcrypt
  libpng1.6=libpng:libpng libpng=libpng:libpng libssh2=libssh2:libssh2 libssh=libssh:libssh libtiff=libtiff:libtiff
  libxml2=xmlsoft:libxml2 libxslt=xmlsoft:libxslt lighttpd=lighttpd:lighttpd linux=linux:linux_kernel
  linux-signed-amd64=linux:linux_kernel linux-signed-arm64=linux:linux_kernel kernel=linux:linux_kernel lz4=lz4_project:lz4
  mariadb=mariadb:mariadb memcached=memcached:memcached musl=musl-libc:musl mysql=oracle:mysql ncurses=gnu:ncurses
  nettle=nettle_project:nettle nghttp2=nghttp2:nghttp2 nginx=f5:nginx nodejs=nodejs:node.js openldap=openldap:openldap
  openssh=openbsd:openssh openssl=openssl:openssl openvpn=openvpn:openvpn p11-kit=p11-kit_project:p11-kit pam=linux-pam:linux-pam
  pcre2=pcre:pcre2 pcre3=pcre:pcre perl=perl:perl php=php:php postgresql=postgresql:postgresql python=python:python
  redis=redis:redis rsync=samba:rsync ruby=ruby-lang:ruby samba=samba:samba shadow=shadow_project:shadow
  sqlite3=sqlite:sqlite sqlite=sqlite:sqlite squid=squid-cache:squid sudo=sudo_project:sudo systemd=systemd_project:systemd
  tar=gnu:tar tiff=libtiff:libtiff unbound=nlnetlabs:unbound unzip=info-zip:unzip util-linux=kernel:util-linux
  valkey=lfprojects:valkey vim=vim:vim wget=gnu:wget xz-utils=tukaani:xz xz=tukaani:xz zlib=zlib:zlib zstd=facebook:zstandard
  libzstd=facebook:zstandard`
    .split(/\s+/)
    .map((line): [string, string] => {
      const [source = '', product = ''] = line.split('=');
      return [source, product];
    }),
);
