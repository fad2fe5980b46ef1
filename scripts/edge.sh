#!/bin/sh
# A machine at the edge inside this one, for trying joins on bad links: network, mount and host name namespaces of its own
# with the folders that a join writes to, and whatever stands for its kubelet. Needs root, iproute2 and iptables.
#
#   edge.sh check                                            says what is missing, and fails
#   edge.sh run NAME DIRECTORY GATEWAY ADDRESS KUBELET       prints "up", and keeps the machine until this script ends
#   edge.sh in DIRECTORY COMMAND...                          runs a command in it
#
# GATEWAY is an address of this machine on a bridge, ADDRESS another one of the same /24 for the edge. KUBELET is started
# when a join has written its files, with kubelet's arguments, and again whenever it ends.
# LOSS=5 drops five of a hundred packets in each direction, RATE=64 lets so many kB a second through in each.
set -eu

check() {
    missing=
    [ "$(id -u)" = 0 ] || missing="$missing root"
    for program in ip tc iptables unshare nsenter setsid curl openssl perl; do
        command -v $program >/dev/null 2>&1 || missing="$missing $program"
    done
    [ -z "$missing" ] && unshare --net sh -ec '
        ip link set lo up
        tc qdisc add dev lo root tbf rate 512kbit burst 8kb latency 1s
        iptables -A INPUT -m statistic --mode random --probability 0.05 -j DROP
    ' >/dev/null 2>&1 || missing="$missing namespaces,-tbf-or-statistic-of-the-kernel"
    [ -z "$missing" ] || { echo "missing:$missing"; exit 1; }
}

run() {
    name=$1 directory=$2 gateway=$3 address=$4 kubelet=$5
    mkdir -p "$directory"
    directory=$(cd "$directory" && pwd)
    bridge=$(ip -o -4 addr show | awk -v a="$gateway/" 'index($4, a) == 1 { print $2 }')
    [ -n "$bridge" ] || { echo "no bridge of this machine has the address $gateway"; exit 1; }
    # The names of devices have fifteen characters.
    device=ke$(printf %s "$directory" | cksum | cut -d' ' -f1)
    ip link add "$device" type veth peer name "${device}p"
    trap 'finish' EXIT
    trap 'exit 0' TERM INT
    # Packets as they are on a wire: what is lost or waits is one of these, and not fifty in one.
    ip link set "$device" master "$bridge" gso_max_segs 1 up
    limit "$device"
    setsid unshare --net --mount --uts "$0" inside "$name" "$directory" "$gateway" "$address" "$kubelet" "${device}p" &
    edge=$!
    until [ -e "$directory/waiting" ]; do
        kill -0 "$edge"
        sleep 0.05
    done
    ip link set "${device}p" netns "$edge"
    echo "$edge" >"$directory/pid"
    until [ -e "$directory/up" ]; do
        kill -0 "$edge"
        sleep 0.05
    done
    echo up
    wait "$edge"
}

finish() {
    # It leads a session of its own, with all that it started.
    [ -z "${edge:-}" ] || kill -KILL "-$edge" 2>/dev/null || true
    [ -z "${edge:-}" ] || wait "$edge" 2>/dev/null || true
    ip link del "$device" 2>/dev/null || true
}

limit() { [ -z "${RATE:-}" ] || tc qdisc add dev "$1" root tbf rate "${RATE}kbps" burst 4kb latency 2s; }

# What runs in the namespaces.
inside() {
    name=$1 directory=$2 gateway=$3 address=$4 kubelet=$5 device=$6
    mount --make-rprivate /
    : >"$directory/waiting"
    until ip link show "$device" >/dev/null 2>&1; do sleep 0.05; done
    hostname "$name"
    ip link set lo up
    ip addr add "$address/24" dev "$device"
    ip link set "$device" gso_max_segs 1 up
    ip route add default via "$gateway"
    limit "$device"
    for chain in ${LOSS:+INPUT OUTPUT}; do
        for protocol in tcp udp; do
            iptables -A "$chain" ! -s "127.0.0.0/8" -p $protocol -m statistic --mode random \
                --probability "$(printf '0.%02d' "$LOSS")" -j DROP
        done
    done
    for path in /etc/kubernetes /etc/kamaji-agent /var/lib/kubelet /var/lib/kamaji-agent /run/kamaji-agent \
        /usr/libexec/kubernetes; do
        mkdir -p "$path" "$directory/root$path"
        mount --bind "$directory/root$path" "$path"
    done
    printf '127.0.0.1 localhost\n%s %s\n' "$address" "$name" >"$directory/hosts"
    mount --bind "$directory/hosts" /etc/hosts
    printf %s "$name" | md5sum | cut -c1-32 >"$directory/machine-id"
    mount --bind "$directory/machine-id" /etc/machine-id
    : >"$directory/up"
    until [ -s /var/lib/kubelet/config.yaml ] &&
        { [ -s /etc/kubernetes/bootstrap-kubelet.conf ] || [ -s /etc/kubernetes/kubelet.conf ]; }; do sleep 0.1; done
    while :; do
        "$kubelet" --config=/var/lib/kubelet/config.yaml --kubeconfig=/etc/kubernetes/kubelet.conf \
            --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --hostname-override="$name" \
            >>"$directory/kubelet.log" 2>&1 || true
        sleep 1
    done
}

# In place of this process: a signal to it is one to the command.
enter() {
    directory=$1
    shift
    exec nsenter --target "$(cat "$directory/pid")" --net --mount --uts -- "$@"
}

verb=${1:-}
shift || true
case $verb in
check | run | inside) "$verb" "$@" ;;
in) enter "$@" ;;
*) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
