#!/bin/sh
# A CNI plugin for tests: a veth pair between the pod and a network namespace of the test's own,
# named in the network's configuration. As `loopback` it brings lo up.
set -e
config=$(cat)
peer=$(printf '%s' "$config" | sed -n 's/.*"peer": *"\([^"]*\)".*/\1/p')
pod=${CNI_NETNS##*/}
case "$0:$CNI_COMMAND" in
  *loopback:ADD)
    ip -n "$pod" link set lo up
    echo '{"cniVersion":"0.3.1","interfaces":[{"name":"lo"}]}'
    ;;
  *:ADD)
    ip -n "$peer" link add veth0 type veth peer name "$CNI_IFNAME" netns "$pod"
    ip -n "$peer" addr add 10.77.0.1/24 dev veth0
    ip -n "$peer" link set veth0 up
    ip -n "$pod" addr add 10.77.0.2/24 dev "$CNI_IFNAME"
    ip -n "$pod" link set "$CNI_IFNAME" up
    printf '{"cniVersion":"0.3.1","interfaces":[{"name":"%s","sandbox":"%s"}],' "$CNI_IFNAME" "$CNI_NETNS"
    echo '"ips":[{"version":"4","interface":0,"address":"10.77.0.2/24"}]}'
    ;;
  *:VERSION)
    echo '{"cniVersion":"0.3.1","supportedVersions":["0.3.1"]}'
    ;;
esac
