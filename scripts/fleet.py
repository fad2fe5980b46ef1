#!/usr/bin/env python3
"""Measures tenants whose control planes really run, and looks into each one at the moment when it says Ready.

usage: fleet.py --manager PROGRAM --kubectl PROGRAM [--tenants N] [--engine upstream|embedded] [--bin-dir DIRECTORY]

Creates N tenants with every addon at once in a standalone cluster. As soon as one says Ready, its RBAC, bootstrap and
addon objects are looked for, object by object. With --engine=upstream a bare kube-apiserver on an etcd of its own is
started first, in the same run, and one tenant is created alone: what comes on top is Kamaji's. Prints lines of JSON; the
exit code is 1 when an object was missing, a container restarted, or a tenant did not become Ready.
"""
import argparse
import base64
import concurrent.futures
import json
import os
import pathlib
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

# Far longer than anything that works takes.
PATIENCE = 900
KINDS = "configmaps,serviceaccounts,services,deployments,daemonsets,roles,rolebindings"
CLUSTER_KINDS = "clusterroles,clusterrolebindings"
INSIDE = {
    # RBAC and bootstrap
    "kube-public/configmap/cluster-info", "kube-system/configmap/kubeadm-config",
    "kube-system/configmap/kubelet-config",
    "kube-public/role/kubeadm:bootstrap-signer-clusterinfo",
    "kube-public/rolebinding/kubeadm:bootstrap-signer-clusterinfo",
    "kube-system/role/kubeadm:kubelet-config", "kube-system/rolebinding/kubeadm:kubelet-config",
    "kube-system/role/kubeadm:nodes-kubeadm-config", "kube-system/rolebinding/kubeadm:nodes-kubeadm-config",
    "clusterrole/kamaji:reenrol", "clusterrolebinding/kamaji:reenrol",
    "clusterrolebinding/kubeadm:apiserver-kubelet-client",
    "clusterrole/kubeadm:get-nodes", "clusterrolebinding/kubeadm:get-nodes",
    "clusterrolebinding/kubeadm:cluster-admins", "clusterrolebinding/kubeadm:kubelet-bootstrap",
    "clusterrolebinding/kubeadm:node-autoapprove-bootstrap",
    "clusterrolebinding/kubeadm:node-autoapprove-certificate-rotation",
    # CoreDNS
    "clusterrole/system:coredns", "clusterrolebinding/system:coredns", "kube-system/configmap/coredns",
    "kube-system/deployment/coredns", "kube-system/service/kube-dns", "kube-system/serviceaccount/coredns",
    # kube-proxy
    "clusterrolebinding/kubeadm:node-proxier", "kube-system/configmap/kube-proxy", "kube-system/daemonset/kube-proxy",
    "kube-system/serviceaccount/kube-proxy", "kube-system/role/kube-proxy", "kube-system/rolebinding/kube-proxy",
    # konnectivity
    "clusterrolebinding/system:konnectivity-server", "kube-system/daemonset/konnectivity-agent",
    "kube-system/serviceaccount/konnectivity-agent",
}


def tenant(name, engine):
    # The tunnel's server is upstream's own program: with the embedded engine there is none to run.
    addons = {"coreDNS": {}, "kubeProxy": {}} | ({"konnectivity": {}} if engine == "upstream" else {})
    return {
        "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "TenantControlPlane",
        "metadata": {"name": name},
        "spec": {
            "controlPlane": {"deployment": {"replicas": 1}, "service": {"serviceType": "ClusterIP"}},
            "kubernetes": {"version": "v1.36.2"}, "addons": addons,
        },
    }


def expected(engine):
    return {name for name in INSIDE if engine == "upstream" or "konnectivity" not in name}


class Cluster:
    """A standalone cluster for as long as the context lasts."""

    def __init__(self, options, folder):
        self.options, self.state = options, folder / "cluster"
        self.log = open(folder / "manager.log", "w+")

    def __enter__(self):
        command = [self.options.manager, "standalone", "--state-dir", self.state, "--port", "0",
                   "--engine", self.options.engine]
        if self.options.bin_dir:
            command += ["--bin-dir", self.options.bin_dir]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        start = time.monotonic()
        while "reconciling" not in pathlib.Path(self.log.name).read_text():
            if self.process.poll() is not None or time.monotonic() - start > PATIENCE:
                raise SystemExit("the cluster did not start:\n" + pathlib.Path(self.log.name).read_text()[-2000:])
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)

    def kubectl(self, *arguments, kubeconfig=None, given=None):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.state),
                       "KUBECONFIG": str(kubeconfig or self.state / "admin.conf")}
        return subprocess.run([self.options.kubectl, *arguments], env=environment, input=given, text=True,
                              capture_output=True)

    def must(self, *arguments, **how):
        result = self.kubectl(*arguments, **how)
        if result.returncode:
            raise SystemExit(f"kubectl {' '.join(arguments)}: {result.stderr}")
        return result.stdout

    def inside(self, name):
        """The names of our objects inside a tenant."""
        secret = json.loads(self.must("get", "secret", f"{name}-admin-kubeconfig", "-o", "json"))
        path = self.state / f"{name}.conf"
        path.write_bytes(base64.b64decode(secret["data"]["super-admin.conf"]))
        found = set()
        for kinds in (KINDS, CLUSTER_KINDS):
            text = self.must("get", kinds, "-A", "-l", "kamaji.clastix.io/project=kamaji", "-o", "json", kubeconfig=path)
            for item in json.loads(text)["items"]:
                metadata = item["metadata"]
                parts = [metadata.get("namespace"), item["kind"].lower(), metadata["name"]]
                found.add("/".join(part for part in parts if part))
        return found

    def follow(self, seen, over):
        """Calls `seen` with the name of each tenant that a watch says is Ready, until `over` is set."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.state), "KUBECONFIG": str(self.state / "admin.conf")}
        form = '{.metadata.name}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}'
        # A watch that its server ends is begun again, and lists anew.
        while not over.is_set():
            command = [self.options.kubectl, "get", "tcp", "--watch", "-o", f"jsonpath={form}"]
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as watch:
                threading.Thread(target=lambda: (over.wait(), watch.terminate()), daemon=True).start()
                for line in watch.stdout:
                    words = line.split()
                    if len(words) == 2 and words[1] == "True":
                        seen(words[0])


def create(cluster, names):
    """Creates tenants at once; gives the seconds to each one's Ready, and what was missing inside then."""
    ready, looks = {}, {}
    done = threading.Event()
    pool = concurrent.futures.ThreadPoolExecutor(4)
    lock = threading.Lock()

    def look(name):
        return sorted(expected(cluster.options.engine) - cluster.inside(name))

    def seen(name):
        with lock:
            if name in names and name not in ready:
                ready[name] = time.monotonic()
                looks[name] = pool.submit(look, name)
                if len(ready) == len(names):
                    done.set()

    over = threading.Event()
    follower = threading.Thread(target=cluster.follow, args=(seen, over))
    follower.start()
    manifests = {"apiVersion": "v1", "kind": "List", "items": [tenant(n, cluster.options.engine) for n in names]}
    start = time.monotonic()
    try:
        cluster.must("create", "-f", "-", given=json.dumps(manifests))
        done.wait(PATIENCE)
    finally:
        over.set()
        follower.join()
    seconds = {name: round(moment - start, 2) for name, moment in ready.items()}
    missing = {name: look.result() for name, look in looks.items() if look.result()}
    pool.shutdown()
    return seconds, missing


def restarts(cluster):
    pods = json.loads(cluster.must("get", "pods", "-A", "-o", "json"))["items"]
    return sum(c["restartCount"] for pod in pods for c in pod["status"].get("containerStatuses", []))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def bare(programs, folder):
    """Seconds from the start of an etcd and a kube-apiserver, with nothing of Kamaji's, to the latter's readiness."""
    client, peer, port = free_port(), free_port(), free_port()
    key = folder / "sa.key"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    etcd_url = f"http://127.0.0.1:{client}"
    start = time.monotonic()
    commands = [
        [f"{programs}/etcd", f"--data-dir={folder}/etcd", f"--listen-client-urls={etcd_url}",
         f"--advertise-client-urls={etcd_url}", f"--listen-peer-urls=http://127.0.0.1:{peer}",
         f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}", f"--initial-cluster=default=http://127.0.0.1:{peer}"],
        [f"{programs}/kube-apiserver", f"--etcd-servers={etcd_url}", "--bind-address=127.0.0.1",
         f"--secure-port={port}", f"--cert-dir={folder}/bare-pki", f"--service-account-key-file={key}",
         f"--service-account-signing-key-file={key}", "--service-account-issuer=https://kubernetes.default.svc",
         "--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/16", "--endpoint-reconciler-type=none"],
    ]
    running = []
    try:
        for command in commands:
            log = open(folder / (pathlib.Path(command[0]).name + ".log"), "w")
            running.append(subprocess.Popen(command, stdout=log, stderr=log))
        context = ssl._create_unverified_context()
        while True:
            try:
                with urllib.request.urlopen(f"https://127.0.0.1:{port}/readyz", context=context, timeout=1):
                    return round(time.monotonic() - start, 2)
            except OSError:
                if time.monotonic() - start > PATIENCE or any(p.poll() is not None for p in running):
                    raise SystemExit(f"the bare API server did not start: see {folder}") from None
                time.sleep(0.05)
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(60)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--manager", required=True)
    parser.add_argument("--kubectl", required=True)
    parser.add_argument("--tenants", type=int, default=8)
    parser.add_argument("--engine", choices=["upstream", "embedded"], default="embedded")
    parser.add_argument("--bin-dir", default=os.environ.get("KUBEBUILDER_ASSETS"))
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(prefix="kamaji-fleet-") as name:
        folder = pathlib.Path(name)
        report = {"measured": "tenants, kubectl create to Ready", "engine": options.engine}
        if options.engine == "upstream":
            programs = options.bin_dir or "/usr/local/kubebuilder/bin"
            report["bareAPIServerSeconds"] = bare(programs, folder)
        with Cluster(options, folder) as cluster:
            rounds = [["alone"]] if options.engine == "upstream" else []
            rounds.append([f"tenant-{number}" for number in range(1, options.tenants + 1)])
            for names in rounds:
                seconds, missing = create(cluster, set(names))
                restarted = restarts(cluster)
                every = sorted(seconds.values())
                line = report | {
                    "tenants": len(names), "ready": len(seconds), "objectsInEach": len(expected(options.engine)), "missing": missing,
                    "containersRestarted": restarted,
                }
                if every:
                    line |= {"seconds": every[-1], "medianSeconds": round(statistics.median(every), 2)}
                if 1 < len(names) <= 16:
                    line["tenantSeconds"] = every
                print(json.dumps(line), flush=True)
                failed = failed or bool(missing) or restarted > 0 or len(seconds) < len(names)
                if names == ["alone"]:
                    cluster.must("delete", "tcp", "alone")
    sys.exit(1 if failed else 0)


main()
