#!/bin/sh
# Process 1 of a libvirtd's own namespaces: nothing of the host's libvirt is seen or changed. When it
# ends, so does all that was started inside.
set -eu
cd "$1"
mount --make-rprivate /
mount --bind passwd /etc/passwd
mount --bind group /etc/group
mount --bind etc /etc/libvirt
mount --bind lib /var/lib
mount --bind log /var/log
mount --bind "$2" /var/cache
mount --bind run /run
ip link set lo up
ip link add br0 type bridge
ip address add 10.77.0.1/24 dev br0
ip link set br0 up
echo ready
# Until the test ends, however it does. To wait also takes in those whose parents are gone.
cat >/dev/null
exit 0
