#!/usr/bin/env bash
# Installs the real programs that the tests talk to. Root, apt; does nothing that is already done.
set -euo pipefail

packages=()
need() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || packages+=("$2"); }
need prometheus prometheus
need promtool prometheus
need victoria-metrics victoria-metrics
need qemu-system-x86_64 qemu-system-x86
need cpio cpio
need busybox busybox-static
need gcc gcc
need containerd containerd
need runc runc
need runsc runsc
need ip iproute2
need nsenter util-linux
need libvirtd libvirt-daemon
need virsh libvirt-clients
need qemu-ga qemu-guest-agent
need prometheus-libvirt-exporter prometheus-libvirt-exporter
need mke2fs e2fsprogs
need buildah buildah
need systemd-analyze systemd
[ -e /usr/include/stdio.h ] || packages+=(libc6-dev)

if [ "${#packages[@]}" -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "install-peers: needs root to install: ${packages[*]}" >&2
    exit 1
  fi
  # Debian starts a service when it installs one; the tests start their own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

# The guest's kernel: unpacked, never installed. Its name changes with each security update.
cache=${SANDGAUGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sandgauge}
mkdir -p "$cache"
if ! compgen -G "$cache/kernel-*/boot/vmlinuz-*" >/dev/null; then
  package=$(apt-cache depends linux-image-cloud-amd64 |
    sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
  work=$(mktemp -d "$cache/download.XXXXXX")
  (cd "$work" && apt-get download -qq "$package" && dpkg -x ./*.deb kernel)
  mv "$work/kernel" "$cache/kernel-$package"
  rm -rf "$work"
fi
# A real Collector by its own builder, crictl, and what renders Kubernetes manifests: some minutes, once.
if PATH=$PATH:/usr/local/go/bin command -v go >/dev/null 2>&1; then
  for build in otlp/build-collector.sh cri/build-crictl.sh "build-go.sh kubernetes" "build-go.sh cadvisor"; do
    log=$cache/${build##*[/ ]}.log
    # shellcheck disable=SC2086 # a script and its argument
    (cd "$(dirname "$0")" && bash $build) >/dev/null 2>"$log" || { tail -20 "$log" >&2; exit 1; }
  done
else
  echo "install-peers: go is not installed; the suites of what is built with it are skipped" >&2
fi
echo "install-peers: ready"
