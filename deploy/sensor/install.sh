#!/bin/sh
# Installs the sensor of Parapet on this host, or upgrades or repairs it. Made by the console for its own sensors; whoever runs
# it has compared its hash before. Plain POSIX sh. Everything is a function, called by the very last line: half a script does
# nothing. The enrolment key comes by PARAPET_ENROLMENT_KEY, standard input or a prompt, never by an argument.
set -eu

#@settings@

root=/opt/parapet-sensor
env_file=/etc/parapet/sensor.env
service=parapet-sensor

say() { printf 'parapet: %s\n' "$*" >&2; }
stop_with() { say "$*"; exit 1; }

main() {
  archive=
  while [ $# -gt 0 ]; do
    case $1 in
      --uninstall) uninstall ;;
      --archive) [ $# -gt 1 ] || stop_with "--archive needs a file"; archive=$2; shift ;;
      *) stop_with "there is no option $1; known are --uninstall and --archive FILE" ;;
    esac
    shift
  done
  check_host
  umask 022
  mkdir -p "$root/versions"
  tmp=$root/.incoming.$$
  trap 'rm -rf "$tmp"' EXIT
  trap 'exit 1' INT TERM HUP
  # What an installation that was killed left behind.
  rm -rf "$root"/.incoming.*
  mkdir "$tmp"
  place_version
  switch_to "$name"
  write_settings
  enrol
  install_service
  remove_others
  say "version $version is installed and runs; the console shows this host: $console"
}

check_host() {
  [ "$(id -u)" = 0 ] || stop_with "this needs root: run it in a root shell"
  [ "$(uname -s)" = Linux ] || stop_with "a sensor runs on Linux, not on $(uname -s)"
  case $(uname -m) in
    x86_64 | amd64) name=$x64_name; hash=$x64_hash; bytes=$x64_bytes; content=$x64_content ;;
    aarch64 | arm64) name=$arm64_name; hash=$arm64_hash; bytes=$arm64_bytes; content=$arm64_content ;;
    *) stop_with "there is no sensor for this processor ($(uname -m)); there is one for x86-64 and ARM64" ;;
  esac
  [ -n "$hash" ] || stop_with "the console had no sensor for $(uname -m) when this command was made. Under Sensors, Add a host, choose the processor, and run the new command."
  for tool in tar gzip sha256sum df; do
    command -v "$tool" >/dev/null 2>&1 || stop_with "the program $tool is missing on this host"
  done
  # Packed and unpacked side by side for a moment, and some to spare.
  needed=$(((bytes + content) / 1024 + 32768))
  folder=/opt
  [ -d "$folder" ] || folder=/
  free=$(df -Pk "$folder" 2>/dev/null | { read -r _; read -r _ _ _ available _; echo "$available"; })
  # Where that cannot be found out, a full disk is told by tar.
  [ "${free:-$needed}" -ge "$needed" ] || stop_with "$folder has $((free / 1024)) MB free; $((needed / 1024)) MB are needed"
}

# Puts the version's folder in place, unless it is there and whole.
place_version() {
  target=$root/versions/$name
  if is_whole "$target"; then
    say "version $version is here already and whole"
    return
  fi
  if [ -n "$archive" ]; then
    cp "$archive" "$tmp/archive" || stop_with "$archive cannot be read"
    is_archive || stop_with "$archive is not the sensor that this command is for: its hash is another one"
  else
    download
  fi
  gzip -dc "$tmp/archive" | tar -xf - -C "$tmp" || stop_with "the archive could not be unpacked"
  rm -f "$tmp/archive"
  is_whole "$tmp/$name" || stop_with "a file of the archive did not come out as it should; is the disk sound?"
  chown -R 0:0 "$tmp/$name"
  rm -rf "$target"
  mv "$tmp/$name" "$target"
  command -v restorecon >/dev/null 2>&1 && restorecon -R "$root" >/dev/null 2>&1
  "$target/bin/node" --version >/dev/null 2>&1 || {
    reason=$("$target/bin/node" --version 2>&1 | head -n 1) || :
    stop_with "the sensor’s program does not run on this host: ${reason:-it cannot be started}. $run_hint"
  }
}

is_whole() { [ -f "$1/SHA256SUMS" ] && (cd "$1" && sha256sum -c SHA256SUMS >/dev/null 2>&1); }
is_archive() { [ "$(sha256sum <"$tmp/archive" | cut -c 1-64)" = "$hash" ]; }

# From the console's addresses in turn. Certificates are not looked at here: the hash says whether it is the right file, and
# nothing secret is sent.
download() {
  say "downloading the sensor ($((bytes / 1048576)) MB)"
  for try in 1 2 3; do
    for url in $urls; do
      fetch "$url/sensor/packages/$hash.tar.gz" "$tmp/archive" || continue
      is_archive && return
      say "$url sent something else than the sensor"
    done
    [ "$try" = 3 ] || sleep $((try * 5))
  done
  stop_with "no address of the console gave the sensor: $urls. A proxy is named by HTTPS_PROXY. If the console was upgraded, make a new command there: Sensors, Add a host. On a host that cannot fetch (BusyBox without TLS): download $console/sensor/packages/$hash.tar.gz elsewhere, copy it here, and run this script with --archive FILE."
}

fetch() {
  if command -v curl >/dev/null 2>&1; then curl -fsSkL --connect-timeout 15 --max-time 1800 -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then wget -q --no-check-certificate -T 60 -O "$2" "$1"
  else stop_with "curl or wget is needed; or download $1 elsewhere, copy it here and add --archive FILE"; fi
}

# By rename(2), so that "current" always names a version. Not every mv can replace a link to a folder; Node can.
switch_to() {
  before=$(readlink "$root/current" 2>/dev/null) || before=
  rm -f "$root/current.new"
  ln -s "versions/$1" "$root/current.new"
  "$root/versions/$1/bin/node" -e 'require("node:fs").renameSync(process.argv[1], process.argv[2])' "$root/current.new" "$root/current"
}

write_settings() {
  umask 077
  mkdir -p "${env_file%/*}"
  pin_before=$(sed -n "s/^PARAPET_AUTHORITY_PIN='\(.*\)'\$/\1/p" "$env_file" 2>/dev/null) || pin_before=
  {
    [ ! -f "$env_file" ] || grep -v -e '^PARAPET_CONSOLE_URL=' -e '^PARAPET_AUTHORITY_PIN=' "$env_file" || :
    printf "PARAPET_CONSOLE_URL='%s'\n" "$(echo $urls | tr ' ' ,)"
    printf "PARAPET_AUTHORITY_PIN='%s'\n" "$pin"
    keep_proxy HTTPS_PROXY "${HTTPS_PROXY:-${https_proxy:-}}"
    keep_proxy NO_PROXY "${NO_PROXY:-${no_proxy:-}}"
  } >"$tmp/sensor.env"
  mv "$tmp/sensor.env" "$env_file"
  umask 022
}

# A proxy of this shell, unless the file names one.
keep_proxy() {
  [ -n "$2" ] || return 0
  [ -f "$env_file" ] && grep -q "^$1=" "$env_file" && return
  case $2 in *\'* | *"
"*) stop_with "$1 must not hold a quote or a line break" ;; esac
  printf "%s='%s'\n" "$1" "$2"
}

# Once: a host that is enrolled with this console keeps its identity.
enrol() {
  if [ -f /var/lib/parapet/sensor/identity.json ] && [ "$pin_before" = "$pin" ]; then return; fi
  key=${PARAPET_ENROLMENT_KEY:-}
  unset PARAPET_ENROLMENT_KEY
  if [ -z "$key" ] && [ ! -t 0 ]; then IFS= read -r key || :; fi
  if [ -z "$key" ] && (: </dev/tty) 2>/dev/null; then
    printf 'Enrolment key: ' >/dev/tty
    stty -echo </dev/tty 2>/dev/null || :
    IFS= read -r key </dev/tty || :
    stty echo </dev/tty 2>/dev/null || :
    echo >/dev/tty
  fi
  [ -n "$key" ] || stop_with "an enrolment key is needed: by PARAPET_ENROLMENT_KEY or standard input"
  # Where a sensor runs already, for another console, it would hold the state folder.
  [ -z "$before" ] || "$root/current/bin/$service" stop || :
  printf '%s\n' "$key" | "$root/current/bin/$service" enrol || stop_with "this host could not be enrolled; run the command again when that is mended"
}

install_service() {
  share=$root/current/share
  if [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
    cp "$share/$service.service" /etc/systemd/system/$service.service
    chmod 644 /etc/systemd/system/$service.service
    systemctl daemon-reload
    systemctl enable $service >/dev/null 2>&1
  elif command -v rc-update >/dev/null 2>&1; then
    cp "$share/$service.openrc" /etc/init.d/$service
    chmod 755 /etc/init.d/$service
    rc-update add $service default >/dev/null
  else
    say "there is neither systemd nor OpenRC here: the sensor runs now, and after a restart of the host it is started by $root/current/bin/$service start"
  fi
  "$root/current/bin/$service" start || stop_with "the sensor is installed, but could not be started"
}

# This version and the one before stay.
remove_others() {
  for folder in "$root"/versions/*; do
    case $folder in
      "$root/versions/$name" | "$root/$before") ;;
      *) rm -rf "$folder" ;;
    esac
  done
}

uninstall() {
  [ -x "$root/current/bin/$service" ] || stop_with "there is no sensor on this host"
  exec "$root/current/bin/$service" uninstall
}

main "$@"
