#!/usr/bin/env bash
# Builds the Collector of collector-manifest.yaml with its own builder, once per version of the
# manifest, and prints its path. Needs go; modules come from the Go module proxy.
set -euo pipefail
PATH=$PATH:/usr/local/go/bin
here=$(cd "$(dirname "$0")" && pwd)
cache=${SANDGAUGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sandgauge}
manifest=$here/collector-manifest.yaml
output=$cache/otelcol-$(sha256sum "$manifest" | cut -c1-12)
if [ ! -x "$output" ]; then
  work=$(mktemp -d "$cache/collector.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cp "$manifest" "$work/manifest.yaml"
  cd "$work"
  GOBIN=$work/bin go install go.opentelemetry.io/collector/cmd/builder@v0.159.0 >&2
  bin/builder --config manifest.yaml >&2
  mv otelcol-test "$output"
fi
echo "$output"
