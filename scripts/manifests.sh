#!/bin/sh
# Writes deploy/manifests, or the directory that the argument names: what the chart makes of its default values.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh
install_helm
target=${1:-deploy/manifests}
mkdir -p "$target"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# kubectl manages these, not Helm: without the labels that say otherwise.
render() {
    "$HELM" template kamaji deploy/charts/kamaji --namespace kamaji-system --kube-version 1.31.0 "$@" \
        >"$scratch/out" 2>"$scratch/errors" || { cat "$scratch/errors" >&2 && exit 1; }
    sed -e '/^ *app.kubernetes.io\/managed-by: Helm$/d' -e '/^ *helm.sh\/chart: /d' -e '/^# Source: /d' -e '/^$/d' \
        "$scratch/out"
}
made='# Made from deploy/charts/kamaji by make manifests: change it there.'

{
    cat <<END
$made
apiVersion: v1
kind: Namespace
metadata:
  name: kamaji-system
  labels:
    pod-security.kubernetes.io/enforce: restricted
END
    render
} >"$target/kamaji.yaml"
{
    echo "$made"
    render --set serviceMonitor.enabled=true --show-only templates/servicemonitor.yaml
} >"$target/servicemonitor.yaml"
cat >"$target/kustomization.yaml" <<END
$made
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
# servicemonitor.yaml is for clusters that have the Prometheus operator.
resources:
  - kamaji.yaml
END
