#!/bin/sh
# A machine inside this one with a systemd of its own, for trying packages and joins: this machine's release of Debian in
# a container of systemd-nspawn. Needs root, debootstrap, systemd-nspawn, nsenter and iproute2.
#
#   machine.sh check                             says what is missing, the mirror among it, and fails
#   machine.sh make DIRECTORY                    a fresh Debian there; it is fetched once, and kept in .cache/machine
#   machine.sh boot DIRECTORY NAME [OPTIONS]     runs it with options of systemd-nspawn, until it is powered off or
#                                                SIGTERM comes; ends with 133 when it is to be booted again
#   machine.sh in DIRECTORY COMMAND...           runs a command in it as root
#   machine.sh address DIRECTORY ADDRESS GATEWAY gives it an address on the bridge that --network-bridge has named
#
# DEBIAN_MIRROR is where it is fetched from.
set -eu
cache=$(cd "$(dirname "$0")/.." && pwd)/.cache/machine
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
t64=t64
[ "$release" != bookworm ] || t64=
# What our packages depend on, and what a stand-in for the kubelet is made of.
include=ca-certificates,curl,dbus,groff-base,iproute2,libcrypt1,libcurl4$t64,libnghttp2-14,libsqlite3-0,libssl3$t64
include=$include,libstdc++6,libsystemd0,libyaml-0-2,man-db,mount,openssl,systemd,systemd-sysv,util-linux,zlib1g
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
tree=$cache/$release-$(printf %s "$include" | cksum | cut -d' ' -f1)

check() {
    missing=
    [ "$(id -u)" = 0 ] || missing="$missing root"
    for program in debootstrap systemd-nspawn nsenter ip; do
        command -v $program >/dev/null 2>&1 || missing="$missing $program"
    done
    [ "$(. /etc/os-release && echo "${ID:-}")" = debian ] || missing="$missing Debian"
    [ -d /sys/fs/cgroup/systemd ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || missing="$missing cgroups"
    unshare --mount --pid --net --uts --ipc --fork true 2>/dev/null || missing="$missing namespaces"
    # A machine that was fetched before needs nobody.
    [ -d "$tree" ] || reachable || missing="$missing $mirror"
    [ -z "$missing" ] || { echo "missing:$missing"; exit 1; }
}

reachable() { curl --fail --silent --location --max-time 60 --output /dev/null "$mirror/dists/$release/Release"; }

make() {
    directory=$1
    mkdir -p "$cache"
    (
        flock 9
        [ -d "$tree" ] || {
            rm -rf "$tree.part"
            # Nobody needs what is in the middle of it to be on the disk.
            debootstrap --variant=minbase --include="$include" "$release" "$tree.part" \
                "$mirror" >"$tree.log" 2>&1 || {
                tail -n 5 "$tree.log"
                exit 1
            }
            rm -rf "$tree.part"/var/cache/apt/archives/*.deb "$tree.part"/var/lib/apt/lists/*
            # The first boot makes one.
            : >"$tree.part/etc/machine-id"
            mv "$tree.part" "$tree"
        }
    ) 9>"$cache/lock"
    mkdir -p "$directory"
    cp -a "$tree/." "$directory/"
    # It is called what it is booted as.
    rm -f "$directory/etc/hostname"
}

# Its control groups are beneath ours; systemd-nspawn takes what it is in for its own.
enter_control_group() {
    for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        [ -e "$hierarchy/cgroup.procs" ] || continue
        mkdir -p "$hierarchy/kamaji-machine-$1"
        echo $$ >"$hierarchy/kamaji-machine-$1/cgroup.procs"
    done
}

boot() {
    directory=$1 name=$2
    shift 2
    echo $$ >"$directory.pid"
    enter_control_group "$name"
    exec systemd-nspawn --quiet --directory="$directory" --machine="$name" --boot --register=no --keep-unit \
        --link-journal=no --resolv-conf=off --timezone=off --console=pipe "$@" </dev/null
}

# Its first process, which is the only child of systemd-nspawn.
leader() {
    pid=$(cat "$1.pid")
    cat "/proc/$pid/task/$pid/children" 2>/dev/null | cut -d' ' -f1
}

in_machine() {
    pid=$(leader "$1")
    [ -n "$pid" ] || { echo "it does not run" >&2; exit 1; }
    shift
    exec nsenter --target "$pid" --mount --uts --ipc --net --pid --root --wd \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root \
        DEBIAN_FRONTEND=noninteractive "$@"
}

address() {
    pid=$(leader "$1")
    nsenter --target "$pid" --net sh -eu -c '
        ip addr add "$1/24" dev host0
        ip link set host0 up
        ip route add default via "$2"' sh "$2" "$3"
}

verb=${1:-}
[ $# -eq 0 ] || shift
case $verb in
check | make | boot | address) $verb "$@" ;;
in) in_machine "$@" ;;
*) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
