#!/bin/sh
# A stand-in for the kubelet, for machines in tests that have no container runtime: it does TLS bootstrap as the real one
# does (a P-256 key, a request for kubernetes.io/kube-apiserver-client-kubelet, the certificate beside its key behind a
# link), answers /healthz, registers its Node and keeps saying that it is Ready. It runs no pods. What /run/kubelet-version
# says is its version, and a negative maxPods it refuses.
# Needs: curl, openssl, perl.
set -eu
version=$(cat /run/kubelet-version 2>/dev/null || echo v1.36.2)
if [ "${1:-}" = --version ]; then
    echo "Kubernetes $version"
    exit 0
fi
bootstrap=
kubeconfig=
name=$(hostname)
for argument in "$@"; do
    case $argument in
    --bootstrap-kubeconfig=*) bootstrap=${argument#*=} ;;
    --kubeconfig=*) kubeconfig=${argument#*=} ;;
    --config=*)
        [ -s "${argument#*=}" ] || { echo "no configuration ${argument#*=}" >&2; exit 1; }
        ! grep -q '^maxPods: -' "${argument#*=}" || { echo "maxPods must not be a negative number" >&2; exit 1; }
        ;;
    --hostname-override=*) name=${argument#*=} ;;
    esac
done
[ -n "$kubeconfig" ] || { echo "no --kubeconfig" >&2; exit 1; }
pki=/var/lib/kubelet/pki
current=$pki/kubelet-client-current.pem
mkdir -p "$pki"
work=$(mktemp -d)
health=
trap 'rm -rf "$work"; [ -z "$health" ] || kill "$health" 2>/dev/null || true' EXIT
trap 'exit 0' TERM INT

field() { sed -n "s/^ *$2: *\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$1" | head -1; }
# The first argument is the file of a JSON object on as many lines as it likes.
member() { tr -d '\n' <"$1" | sed -n "s/.*\"$2\": *\"\([^\"]*\)\".*/\1/p"; }

config=$kubeconfig
[ -s "$kubeconfig" ] || config=$bootstrap
server=$(field "$config" server)
field "$config" certificate-authority-data | base64 -d >"$work/ca.crt"

if ! openssl x509 -in "$current" -noout -checkend 0 >/dev/null 2>&1; then
    token=$(field "$bootstrap" token)
    [ -n "$token" ] || { echo "no certificate, and no token to get one with" >&2; exit 1; }
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/key" 2>/dev/null
    openssl req -new -key "$work/key" -subj "/O=system:nodes/CN=system:node:$name" -out "$work/csr" 2>/dev/null
    cat >"$work/request" <<JSON
{"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"generateName": "csr-"},
 "spec": {"signerName": "kubernetes.io/kube-apiserver-client-kubelet", "usages": ["digital signature", "client auth"],
  "request": "$(base64 -w0 <"$work/csr")"}}
JSON
    url=$server/apis/certificates.k8s.io/v1/certificatesigningrequests
    ask() { curl -sS --fail --cacert "$work/ca.crt" -H "Authorization: Bearer $token" "$@"; }
    ask -H 'Content-Type: application/json' --data-binary "@$work/request" "$url" >"$work/made"
    csr=$(sed -n 's/.*"name": *"\(csr-[^"]*\)".*/\1/p' "$work/made" | head -1)
    certificate=
    while [ -z "$certificate" ]; do
        ask "$url/$csr" >"$work/now"
        certificate=$(member "$work/now" certificate)
        [ -n "$certificate" ] || sleep 0.2
    done
    file=$pki/kubelet-client-$(date -u +%Y-%m-%d-%H-%M-%S).pem
    (umask 077 && { echo "$certificate" | base64 -d; cat "$work/key"; } >"$file")
    ln -sfn "$file" "$current"
    # The bootstrap file's cluster, and the certificate for a user.
    (umask 077 && sed -e "s|^ *token: .*|    client-certificate: $current\n    client-key: $current|" "$bootstrap" >"$kubeconfig")
fi

perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 10248, Listen => 5, ReuseAddr => 1) or die $!;
    while (my $c = $s->accept) {
        while (<$c>) { last if /^\r?$/ }
        print $c "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"; close $c;
    }' &
health=$!

own() { curl -sS --cacert "$work/ca.crt" --cert "$current" --key "$current" -o /dev/null "$@"; }
own -H 'Content-Type: application/json' --data-binary "{\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {\"name\": \"$name\"}}" \
    "$server/api/v1/nodes"
while :; do
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    own --fail -X PATCH -H 'Content-Type: application/strategic-merge-patch+json' --data-binary "
        {\"status\": {\"nodeInfo\": {\"kubeletVersion\": \"$version\", \"machineID\": \"$(cat /etc/machine-id)\"},
          \"conditions\": [{\"type\": \"Ready\", \"status\": \"True\", \"reason\": \"StandIn\",
            \"lastHeartbeatTime\": \"$now\", \"lastTransitionTime\": \"$now\"}]}}" "$server/api/v1/nodes/$name/status" || true
    sleep 5 || true
done
