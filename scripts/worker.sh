#!/bin/sh
# A worker machine inside this one, for trying a real join: network, mount, process and host name namespaces of its own
# with containerd and kubelet, which run until this script ends. Needs root, containerd, runc, the CNI plugins, iproute2,
# iptables and a static busybox (Debian: containerd runc containernetworking-plugins iproute2 iptables busybox-static),
# and upstream's kubelet, kubeadm and proxy-agent in KUBEBUILDER_ASSETS or /usr/local/kubebuilder/bin.
#
#   worker.sh check                                          says what is missing, and fails
#   worker.sh run NAME DIRECTORY GATEWAY ADDRESS JOIN...     joins with that command, for example kubeadm's
#
# GATEWAY is an address of this machine on a bridge, ADDRESS another one of the same /24 for the worker. Images are made
# here, of programs that are here: pause, busybox:1 and the konnectivity agent; there is no registry.
#
# It has cgroup v1, which a kubelet from 1.35 on refuses unless its tenant says otherwise. The tenant's
# spec.kubernetes.kubelet has to have, for a worker NAME:
#
#   cgroupfs: cgroupfs
#   configurationJSONPatches:
#   - {op: add, path: /failCgroupV1, value: false}
#   - {op: add, path: /cgroupRoot, value: /kamaji-NAME}
#   - {op: add, path: /enforceNodeAllocatable, value: [none]}
#   - {op: add, path: /failSwapOn, value: false}
#
# All that the worker keeps is in DIRECTORY, also what kamaji-agent has in /var/lib and /run of a machine; to look around in
# it: nsenter --all --target "$(cat DIRECTORY/pid)" kamaji-agent doctor
#
# With NAT=1 ADDRESS is that of a router, which lets the worker's connections out under its own address, and nobody's in.
# With POD_NETWORK=none the worker has no network plugin.
set -eu
assets=${KUBEBUILDER_ASSETS:-/usr/local/kubebuilder/bin}
plugins=/usr/lib/cni
agent_image=registry.k8s.io/kas-network-proxy/proxy-agent
controllers="cpu cpuacct cpuset memory devices freezer blkio pids systemd"

check() {
    missing=
    [ "$(id -u)" = 0 ] || missing="$missing root"
    for program in containerd ctr runc ip iptables unshare busybox; do
        command -v $program >/dev/null 2>&1 || missing="$missing $program"
    done
    for program in kubelet kubeadm proxy-agent; do
        [ -x "$assets/$program" ] || missing="$missing $assets/$program"
    done
    [ -x $plugins/bridge ] || missing="$missing $plugins/bridge"
    [ -d /sys/fs/cgroup/memory ] || missing="$missing cgroup-v1"
    [ -z "$missing" ] && unshare --net --mount --pid --fork true 2>/dev/null || missing="$missing namespaces"
    [ -z "$missing" ] || { echo "missing:$missing"; exit 1; }
}

# image FILE NAME COMMAND-AS-JSON: what lies in ./root becomes one layer.
image() {
    tar -C root -cf layer.tar .
    layer=$(sha256sum layer.tar | cut -d' ' -f1)
    echo "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"PATH=/bin\"],\"Cmd\":$3}," \
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$layer\"]}}" >config.json
    echo "[{\"Config\":\"config.json\",\"RepoTags\":[\"$2\"],\"Layers\":[\"layer.tar\"]}]" >manifest.json
    tar -cf "$1" manifest.json config.json layer.tar
    rm -rf root layer.tar config.json manifest.json
}

images() {
    mkdir -p "$directory/images"
    cd "$directory/images"
    mkdir -p root/bin root/tmp
    cp "$(command -v busybox)" root/bin/busybox
    for applet in sh sleep echo cat date; do ln -s busybox root/bin/$applet; done
    cp -a root copy
    image pause.tar registry.k8s.io/pause:3.10 '["/bin/sleep","2147483647"]'
    mv copy root
    image busybox.tar docker.io/library/busybox:1 '["sh"]'
    mkdir root
    cp "$assets/proxy-agent" root/proxy-agent
    minor=$("$assets/kubelet" --version | cut -d. -f2)
    image agent.tar "$agent_image:v0.$minor.0" '["/proxy-agent"]'
    cd - >/dev/null
}

run() {
    name=$1 directory=$2 gateway=$3 address=$4
    shift 4
    mkdir -p "$directory"
    directory=$(cd "$directory" && pwd)
    printf '%s ' "$@" >"$directory/join"
    images
    bridge=$(ip -o -4 addr show | awk -v a="$gateway/" 'index($4, a) == 1 { print $2 }')
    [ -n "$bridge" ] || { echo "no bridge of this machine has the address $gateway"; exit 1; }
    # The names of devices have fifteen characters.
    device=kw$(printf %s "$name" | cksum | cut -d' ' -f1)
    device=$(printf %.14s "$device")
    ip link add "$device" type veth peer name "${device}p"
    trap 'finish' EXIT
    trap 'exit 0' TERM INT
    ip link set "$device" master "$bridge" up
    [ -z "${NAT:-}" ] || route
    for controller in $controllers; do mkdir -p "/sys/fs/cgroup/$controller/kamaji-$name"; done
    for file in cpus mems; do
        cat /sys/fs/cgroup/cpuset/cpuset.$file >"/sys/fs/cgroup/cpuset/kamaji-$name/cpuset.$file"
    done
    unshare --net --pid --mount --uts --ipc --fork --kill-child --mount-proc \
        "$0" inside "$name" "$directory" "$gateway" "$address" "${device}p" &
    worker=$!
    until inner=$(cat "/proc/$worker/task/$worker/children" 2>/dev/null) && [ -n "$inner" ]; do sleep 0.05; done
    echo "${inner%% *}" >"$directory/pid"
    ip link set "${device}p" netns "${inner%% *}"
    wait $worker
}

# A router before the worker: from here on device, gateway and address are those of the network behind it.
route() {
    network=${address#*.*.}
    network=10.202.${network%.*}
    unshare --net sleep 2147483647 &
    router=$!
    until [ "$(readlink "/proc/$router/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    ip link set "${device}p" netns "$router" name outside
    nsenter --net="/proc/$router/ns/net" sh -eu -c '
        ip link set lo up
        ip addr add "$1/24" dev outside
        ip link set outside up
        ip route add default via "$2"
        ip link add "$3" type veth peer name inside
        ip addr add "$4/24" dev inside
        ip link set inside up
        echo 1 >/proc/sys/net/ipv4/ip_forward
        iptables -P INPUT DROP
        iptables -P FORWARD DROP
        iptables -A FORWARD -i inside -j ACCEPT
        iptables -A FORWARD -i outside -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
        iptables -t nat -A POSTROUTING -o outside -j MASQUERADE
        ip link set "$3" netns "$5"
    ' sh "$address" "$gateway" "${device}p" "$network.1" $$
    gateway=$network.1 address=$network.2
}

finish() {
    # It is the parent of the namespaces' first process, which all others end with.
    [ -z "${worker:-}" ] || kill -KILL "$worker" 2>/dev/null || true
    [ -z "${worker:-}" ] || wait "$worker" 2>/dev/null || true
    [ -z "${router:-}" ] || kill "$router" 2>/dev/null || true
    ip link del "$device" 2>/dev/null || true
    sleep 1
    for group in /sys/fs/cgroup/*/"kamaji-$name"; do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
}

# What runs in the namespaces.
inside() {
    name=$1 directory=$2 gateway=$3 address=$4 device=$5
    mount --make-rprivate /
    until ip link show "$device" >/dev/null 2>&1; do sleep 0.05; done
    hostname "$name"
    ip link set lo up
    ip addr add "$address/24" dev "$device"
    ip link set "$device" up
    ip route add default via "$gateway"
    echo 1 >/proc/sys/net/ipv4/ip_forward
    for path in /etc/kubernetes /etc/cni/net.d /etc/kamaji-agent /run/containerd /run/kamaji-agent \
        /usr/libexec/kubernetes /var/lib/kamaji-agent /var/lib/kubelet /var/lib/cni /var/log; do
        mkdir -p "$path" "$directory/root$path"
        mount --bind "$directory/root$path" "$path"
    done
    echo "$address $name" >"$directory/hosts"
    mount --bind "$directory/hosts" /etc/hosts
    mount --make-rshared /
    [ "${POD_NETWORK:-}" = none ] || cat >/etc/cni/net.d/10-bridge.conflist <<END
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
 {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "ipam": {"type": "host-local",
  "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
 {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
    cat >"$directory/containerd.toml" <<END
version = 2
root = "$directory/containerd"
state = "/run/containerd/state"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
restrict_oom_score_adj = true
sandbox_image = "registry.k8s.io/pause:3.10"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "$plugins"
conf_dir = "/etc/cni/net.d"
END
    PATH=$assets:$PATH
    containerd --config "$directory/containerd.toml" >"$directory/containerd.log" 2>&1 &
    until ctr version >/dev/null 2>&1; do sleep 0.05; done
    for file in "$directory"/images/*.tar; do ctr --namespace k8s.io images import "$file" >/dev/null; done
    keep_kubelet &
    # A systemd that this machine has would start the kubelet here, and not in the worker.
    services=
    case $(cut -d' ' -f1 "$directory/join") in *kamaji-agent) services=--no-systemd ;; esac
    # shellcheck disable=SC2046
    if $(cat "$directory/join") --ignore-preflight-errors=all --node-name "$name" ${services:+"$services"} \
        --cri-socket unix:///run/containerd/containerd.sock >"$directory/join.log" 2>&1; then
        echo "joined"
    else
        echo "join failed: $(tail -n 3 "$directory/join.log")"
    fi
    wait
}

# What systemd would do: start it when kubeadm has written what it needs, and again whenever it ends. Why it ended is said
# once: the join only sees that it is not there.
keep_kubelet() {
    until [ -s /var/lib/kubelet/config.yaml ] && [ -s /etc/kubernetes/bootstrap-kubelet.conf ]; do sleep 0.05; done
    while :; do
        kubelet --config=/var/lib/kubelet/config.yaml --kubeconfig=/etc/kubernetes/kubelet.conf \
            --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --node-ip="$address" \
            --hostname-override="$name" >>"$directory/kubelet.log" 2>&1 || {
            [ -n "${told:-}" ] || echo "kubelet ended: $(tail -n 1 "$directory/kubelet.log" | cut -c1-400)"
            told=yes
            sleep 1
        }
    done
}

verb=${1:-}
shift || true
case $verb in
check | run | inside) $verb "$@" ;;
*) sed -n '2,27s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
