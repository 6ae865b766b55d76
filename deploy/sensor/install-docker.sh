#!/bin/sh
# Runs the sensor of Parapet as a container on this Docker host, or upgrades it. Made by the console for its own sensors; whoever
# runs it has compared its hash before. Plain POSIX sh. The enrolment key comes by PARAPET_ENROLMENT_KEY or standard input; it
# is used once and not kept in the container's settings.
set -eu

#@settings@

name=parapet-sensor
state=/var/lib/parapet/sensor

say() { printf 'parapet: %s\n' "$*" >&2; }
stop_with() { say "$*"; exit 1; }

main() {
  # By name alone, so that a proxy's password is in no argument.
  for setting in HTTPS_PROXY https_proxy NO_PROXY no_proxy; do
    eval "[ -z \"\${$setting:-}\" ]" || proxy_settings="${proxy_settings:-} -e $setting"
  done
  docker version >/dev/null 2>&1 || stop_with "Docker does not answer here; run this as root or as one who may use Docker"
  case ${1:-} in
    '') ;;
    --load) load_image; exit ;;
    --uninstall) uninstall; exit ;;
    *) stop_with "there is no option $1; known are --load and --uninstall" ;;
  esac
  load_image
  docker volume create $name >/dev/null
  # Where the host shares its mounts, what is mounted later is seen too; Docker refuses to ask for that elsewhere.
  mounts="-v /:/host:ro -v $name:$state"
  grep -q ' / / .* \(shared\|master\):' /proc/self/mountinfo 2>/dev/null && mounts="-v /:/host:ro,rslave -v $name:$state"
  enrol
  remove_container
  # Where Docker itself may not lower the score, e.g. without root, it starts nothing that asks for it.
  start '--oom-score-adj -500' 2>/dev/null || {
    remove_container
    start '' || stop_with "the container could not be started"
    say "Docker may not keep it from the out-of-memory killer here; it runs without that"
  }
  say "version $version runs as the container $name; the console shows this host: $console"
}

load_image() {
  case $(docker version --format '{{.Server.Arch}}') in
    amd64) hash=$x64_hash; bytes=$x64_bytes ;;
    arm64) hash=$arm64_hash; bytes=$arm64_bytes ;;
    *) stop_with "there is no sensor for this processor; there is one for x86-64 and ARM64" ;;
  esac
  [ -n "$hash" ] || stop_with "the console had no image for this processor when this command was made. Under Sensors, Add a host, choose it, and run the new command."
  tmp=$(mktemp -d)
  trap 'rm -rf "$tmp"' EXIT
  trap 'exit 1' INT TERM HUP
  say "downloading the image ($((bytes / 1048576)) MB)"
  for url in $urls; do
    fetch "$url/sensor/packages/$hash.tar.gz" "$tmp/image" || continue
    if [ "$(sha256sum <"$tmp/image" | cut -c 1-64)" = "$hash" ]; then
      docker load -i "$tmp/image" >/dev/null || stop_with "Docker did not take the image"
      return
    fi
    say "$url sent something else than the image"
  done
  stop_with "no address of the console gave the image: $urls. If the console was upgraded, make a new command there: Sensors, Add a host."
}

fetch() {
  if command -v curl >/dev/null 2>&1; then curl -fsSkL --connect-timeout 15 --max-time 1800 -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then wget -q --no-check-certificate -T 60 -O "$2" "$1"
  else stop_with "curl or wget is needed"; fi
}

# Once: a host that is enrolled with this console keeps its identity, which lies in the volume.
enrol() {
  pin_before=$(docker inspect --format '{{index .Config.Labels "parapet.authority"}}' $name 2>/dev/null) || pin_before=
  [ "$pin_before" != "$pin" ] || return 0
  key=${PARAPET_ENROLMENT_KEY:-}
  unset PARAPET_ENROLMENT_KEY
  if [ -z "$key" ] && [ ! -t 0 ]; then IFS= read -r key || :; fi
  [ -n "$key" ] || stop_with "an enrolment key is needed: by PARAPET_ENROLMENT_KEY or standard input"
  remove_container
  # shellcheck disable=SC2086
  printf '%s\n' "$key" | docker run --rm -i --network host --uts host $mounts ${proxy_settings:-} \
    -e PARAPET_ENROL_ONLY=1 -e "PARAPET_CONSOLE_URL=$listed" -e "PARAPET_AUTHORITY_PIN=$pin" $image ||
    stop_with "this host could not be enrolled; run the command again when that is mended"
}

start() {
  cgroups=
  docker run --help | grep -q cgroupns && cgroups='--cgroupns host'
  # shellcheck disable=SC2086
  docker run -d --name $name --label "parapet.authority=$pin" --restart unless-stopped \
    --pid host --network host --uts host $cgroups \
    --cap-drop ALL --cap-add DAC_READ_SEARCH --cap-add SYS_PTRACE --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add NET_RAW \
    --security-opt apparmor=unconfined --security-opt no-new-privileges \
    --read-only $1 --memory 512m --cpus 0.5 --pids-limit 64 \
    $mounts ${DOCKER_HOST:+-e DOCKER_HOST} ${proxy_settings:-} \
    -e "PARAPET_CONSOLE_URL=$listed" -e "PARAPET_AUTHORITY_PIN=$pin" $image >/dev/null
}

remove_container() { docker rm -f $name >/dev/null 2>&1 || :; }

# Says goodbye for good, then removes what was made.
uninstall() {
  docker exec $name /opt/parapet-sensor/current/bin/node -e "require('node:fs').writeFileSync('$state/uninstall', '')" ||
    say "no running container $name: the console is not told"
  docker stop -t 20 $name >/dev/null 2>&1 || :
  remove_container
  docker volume rm $name >/dev/null || :
  say "removed from this host; the console keeps what it knew"
}

main "$@"
