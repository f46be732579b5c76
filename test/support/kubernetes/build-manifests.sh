#!/usr/bin/env bash
# Builds the program that renders and checks manifests (main.go), once per version of its source, and
# prints its path. Needs go; modules come from the Go module proxy.
set -euo pipefail
PATH=$PATH:/usr/local/go/bin
here=$(cd "$(dirname "$0")" && pwd)
cache=${SANDGAUGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sandgauge}
output=$cache/manifests-$(cat "$here/main.go" "$here/go.mod" | sha256sum | cut -c1-12)
if [ ! -x "$output" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/manifests.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cp "$here/main.go" "$here/go.mod" "$work"
  cd "$work"
  { go mod tidy && go build -o manifests .; } >&2
  mv manifests "$output"
fi
echo "$output"
