#!/bin/sh
# build.sh: builds the stores that the tests of remote/store talk to, as programs: versitygw, and rclone with its servers.
#
# They go into a folder in the user's cache that is named after their versions and the compiler, if they are not there
# yet (some minutes of one processor, at low priority), and it prints SNAP_ENGINES=FOLDER: eval "$(.ci/engines/build.sh)"
# and export it, and the tests use them; without, those tests skip.
set -e
versitygw=v1.8.0
here=$(cd "$(dirname "$0")" && pwd)
low() { # ionice and chrt are not everywhere
  if command -v chrt >/dev/null; then nice -n 19 chrt -i 0 "$@"; else nice -n 19 "$@"; fi
}
build() { # FOLDER
  (cd "$here" && CGO_ENABLED=0 GOFLAGS="$GOFLAGS -buildvcs=false" low go build -trimpath -ldflags '-s -w' -o "$1/rclone" ./rclone)
  (cd / && CGO_ENABLED=0 GOFLAGS='' GOBIN="$1" low go install -trimpath -ldflags '-s -w' \
    "github.com/versity/versitygw/cmd/versitygw@$versitygw")
}
cache=$(dirname "$(go env GOCACHE)")/snap-engines
of=$cache/$( (go version && echo "$versitygw" && cat "$here/go.mod" "$here/go.sum" "$here/rclone/main.go") | sha256sum | cut -c 1-16)
if [ ! -d "$of" ]; then
  mkdir -p "$cache"
  new=$(mktemp -d "$cache/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  build "$new" >&2
  chmod 755 "$new"
  mv -T "$new" "$of" 2>/dev/null || [ -d "$of" ] # another one may have been faster
fi
echo "SNAP_ENGINES=$of"
