#!/bin/sh
# Writes deploy/manifests, or the directory that the argument names: what the charts make of their default values.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh
install_helm
target=${1:-deploy/manifests}
mkdir -p "$target/exporter"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# kubectl manages these, not Helm: without the labels that say otherwise.
render() {
    chart=$1
    shift
    "$HELM" template "$chart" "deploy/charts/$chart" --namespace kamaji-system --kube-version 1.31.0 "$@" \
        >"$scratch/out" 2>"$scratch/errors" || { cat "$scratch/errors" >&2 && exit 1; }
    sed -e '/^ *app.kubernetes.io\/managed-by: Helm$/d' -e '/^ *helm.sh\/chart: /d' -e '/^# Source: /d' -e '/^$/d' \
        "$scratch/out"
}
made() { echo "# Made from deploy/charts/$1 by make manifests: change it there."; }
# write CHART FILE FLAGS...: what the chart makes with them.
write() {
    chart=$1 file=$2
    shift 2
    { made "$chart" && render "$chart" "$@"; } >"$target/$file"
}

{
    made kamaji
    cat <<END
apiVersion: v1
kind: Namespace
metadata:
  name: kamaji-system
  labels:
    pod-security.kubernetes.io/enforce: restricted
END
    render kamaji
} >"$target/kamaji.yaml"
write kamaji servicemonitor.yaml --set serviceMonitor.enabled=true --show-only templates/servicemonitor.yaml
{
    made kamaji
    cat <<END
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
# servicemonitor.yaml is for clusters that have the Prometheus operator.
resources:
  - kamaji.yaml
END
} >"$target/kustomization.yaml"

write kamaji-exporter exporter/kamaji-exporter.yaml
for kind in serviceMonitor prometheusRule; do
    file=$(echo "$kind" | tr '[:upper:]' '[:lower:]').yaml
    write kamaji-exporter "exporter/$file" --set "$kind.enabled=true" --show-only "templates/$file"
done
{
    made kamaji-exporter
    cat <<END
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
# servicemonitor.yaml and prometheusrule.yaml are for clusters that have the Prometheus operator.
resources:
  - kamaji-exporter.yaml
END
} >"$target/exporter/kustomization.yaml"
