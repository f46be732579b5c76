#!/usr/bin/env bash
# Builds cAdvisor as the kubelet has it (main.go), static, once per version of its source, and prints
# its path. Needs go; modules come from the Go module proxy.
set -euo pipefail
PATH=$PATH:/usr/local/go/bin
here=$(cd "$(dirname "$0")" && pwd)
cache=${SANDGAUGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sandgauge}
output=$cache/cadvisor-$(cat "$here/main.go" "$here/go.mod" | sha256sum | cut -c1-12)
if [ ! -x "$output" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/cadvisor.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cp "$here/main.go" "$here/go.mod" "$work"
  cd "$work"
  { go mod tidy && CGO_ENABLED=0 go build -o cadvisor .; } >&2
  mv cadvisor "$output"
fi
echo "$output"
