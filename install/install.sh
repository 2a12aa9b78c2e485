#!/bin/sh
# Installs Cordboard on a Debian 12 that is there, or brings it up to date.
#
#   install.sh [cordboard_<version>_amd64.deb | folder]
#
# Without a name: the newest package beside this script, or in build/package of the source tree. Says what it does, can be run again, and
# leaves the data alone.
set -eu

say() { printf '%s\n' "$*"; }
fail() {
  say "$*" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail "Root alone can install: sudo $0 $*  /  需要 root 权限"
command -v apt-get >/dev/null || fail "This is no Debian: there is no apt-get.  /  不是 Debian 系统"
. /etc/os-release
case "${ID:-} ${ID_LIKE:-}" in
  *debian*) ;;
  *) fail "Made for Debian 12, and this is ${PRETTY_NAME:-another system}.  /  仅支持 Debian 12" ;;
esac
if [ "${ID:-}" = debian ] && [ "${VERSION_ID:-0}" -lt 12 ]; then
  fail "Debian 12 or newer is needed, and this is ${PRETTY_NAME}.  /  需要 Debian 12 或更新版本"
fi

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
from=${1:-}
if [ -z "$from" ]; then
  for folder in "$here" "$here/../build/package"; do
    if ls "$folder"/cordboard_*.deb >/dev/null 2>&1; then from=$folder && break; fi
  done
fi
[ -n "$from" ] || fail "Which package? $0 cordboard_<version>_amd64.deb  /  请给出安装包"
if [ -d "$from" ]; then
  deb=
  best=
  for file in "$from"/cordboard_*_"$(dpkg --print-architecture)".deb; do
    [ -f "$file" ] || continue
    version=$(dpkg-deb --field "$file" Version)
    if [ -z "$best" ] || dpkg --compare-versions "$version" gt "$best"; then
      best=$version
      deb=$file
    fi
  done
  [ -n "$deb" ] || fail "There is no package for this machine in $from.  /  文件夹中没有适用的安装包"
else
  deb=$from
fi
[ -f "$deb" ] || fail "There is no $deb.  /  找不到安装包"
[ "$(dpkg-deb --field "$deb" Package 2>/dev/null)" = cordboard ] || fail "$deb is no package of Cordboard.  /  不是 Cordboard 安装包"

wanted=$(dpkg-deb --field "$deb" Version)
# shellcheck disable=SC2016 # dpkg replaces it
present=$(dpkg-query --show --showformat='${db:Status-Status} ${Version}' cordboard 2>/dev/null || true)
case $present in
  "installed $wanted") say "Version $wanted is installed already; it is laid again." ;;
  installed*)
    dpkg --compare-versions "${present#installed }" le "$wanted" ||
      fail "A newer version is installed (${present#installed }); data do not go back.  /  已安装更新的版本，不能降级"
    say "Bringing version ${present#installed } up to $wanted: calls in progress end when the service starts anew."
    ;;
  *) say "Installing version $wanted." ;;
esac

path=$(CDPATH='' cd -- "$(dirname -- "$deb")" && pwd)/$(basename -- "$deb")
# The package's libraries, programs and letters come from Debian; without a network what is there already is enough.
apt-get -o DPkg::Lock::Timeout=300 -q update >/dev/null 2>&1 || say "The lists of Debian's packages could not be fetched: going on with those that are there."
DEBIAN_FRONTEND=${DEBIAN_FRONTEND:-noninteractive} apt-get -o DPkg::Lock::Timeout=300 -q install --yes --reinstall "$path"

if [ -d /run/systemd/system ]; then
  if systemctl --quiet is-active cordboard; then
    say "The service runs. Its page: http://127.0.0.1:8080/ (other machines: CORDBOARD_BIND in /etc/cordboard/cordboard.env)."
    if [ -s /var/lib/cordboard/setup-code ]; then say "Set-up code: $(cat /var/lib/cordboard/setup-code)"; fi
  else
    fail "It is installed, but the service does not run: journalctl --unit=cordboard  /  已安装，但服务没有运行"
  fi
fi
