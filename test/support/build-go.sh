#!/usr/bin/env bash
# Builds the Go program in a folder beside this script (main.go, go.mod), static, once per version of its
# source, and prints its path. Needs go; modules come from the Go module proxy.
set -euo pipefail
PATH=$PATH:/usr/local/go/bin
cd "$(dirname "$0")/$1"
name=$(sed -n 's|^module .*/||p' go.mod)
cache=${SANDGAUGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sandgauge}
output=$cache/$name-$(cat main.go go.mod | sha256sum | cut -c1-12)
if [ ! -x "$output" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/$name.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cp main.go go.mod "$work"
  cd "$work"
  { go mod tidy && CGO_ENABLED=0 go build -o program .; } >&2
  mv program "$output"
fi
echo "$output"
