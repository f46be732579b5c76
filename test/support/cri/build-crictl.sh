#!/usr/bin/env bash
# Builds crictl, the client of the Kubernetes CRI, once per version, and prints its path. Needs go;
# modules come from the Go module proxy.
set -euo pipefail
PATH=$PATH:/usr/local/go/bin
version=v1.36.0
cache=${SANDGAUGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sandgauge}
output=$cache/crictl-$version
if [ ! -x "$output" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/crictl.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  module=$(go mod download -json "sigs.k8s.io/cri-tools@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  cp -r "$module" "$work/module"
  chmod -R u+w "$work/module"
  (cd "$work/module" && go build -o "$work/crictl" ./cmd/crictl) >&2
  mv "$work/crictl" "$output"
fi
echo "$output"
