#!/usr/bin/env python3
"""Measures the exporter over a fleet that is made for it.

usage: exporter-bench.py --manager PROGRAM --exporter PROGRAM [--tenants N] [--scrapes N] [--seconds N]

Starts an embedded cluster, puts N TenantControlPlanes into it with the Secrets and Deployments that a manager would have
made, and answers for their API servers on loopback: each tenant has an address of its own. Then the exporter runs over
it, once as it is and once without its cache. Prints a line of JSON for each: series, bytes, times of a scrape, memory,
CPU of a scrape, and CPU at rest, that is with all its probes and without a scrape.
"""
import argparse
import asyncio
import base64
import concurrent.futures
import http.client
import json
import multiprocessing
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

# Far longer than anything that works takes.
PATIENCE = 1800
# Tenants whose API servers share a certificate, which bears all their addresses.
GROUP = 250
NAMESPACE = "fleet"


def address(index):
    return f"127.{10 + index // (GROUP * GROUP)}.{index // GROUP % GROUP}.{1 + index % GROUP}"


class Authority:
    """Certificates as a manager makes them, from openssl."""

    def __init__(self, folder):
        self.folder = folder
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
                     "-subj", "/CN=kubernetes", "-keyout", "ca.key", "-out", "ca.crt")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name, usage, addresses=()):
        names = ",".join(f"IP:{each}" for each in addresses)
        (self.folder / "extensions").write_text(
            f"extendedKeyUsage={usage}\n" + (f"subjectAltName={names}\n" if names else ""))
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                     "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", "request")
        self.openssl("x509", "-req", "-in", "request", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                     "365", "-extfile", "extensions", "-out", f"{name}.crt")

    def read(self, name):
        return (self.folder / name).read_bytes()


class Answer(asyncio.Protocol):
    """An API server, as far as the exporter asks."""

    BODIES = {
        b"/livez": b"[+]ping ok\nlivez check passed\n", b"/readyz": b"[+]ping ok\n[+]etcd ok\nreadyz check passed\n",
        b"/version": b'{"gitVersion": "v1.36.0"}', b"/metrics": b'apiserver_resource_size_estimate_bytes{resource="pods"} 1e6\n',
        b"/api/v1/nodes": b'{"metadata": {}, "items": [{"metadata": {"name": "worker"}, "status": {"conditions": '
                          b'[{"type": "Ready", "status": "True"}]}}]}',
        b"/apis/apps/v1/namespaces/kube-system/daemonsets/konnectivity-agent":
            b'{"status": {"desiredNumberScheduled": 1}}',
        b"/api/v1/nodes/worker/proxy/healthz": b"ok",
    }

    def connection_made(self, transport):
        self.transport, self.text = transport, b""

    def data_received(self, data):
        self.text += data
        while b"\r\n\r\n" in self.text:
            head, self.text = self.text.split(b"\r\n\r\n", 1)
            path = head.split(b" ", 2)[1].split(b"?")[0]
            body = self.BODIES.get(path)
            status = b"200 OK" if body is not None else b"404 Not Found"
            body = body or b""
            self.transport.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


def serve(folder, groups, ports):
    async def run():
        loop, found = asyncio.get_running_loop(), []
        for group in range(groups):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(f"{folder}/apiserver-{group}.crt", f"{folder}/apiserver-{group}.key")
            server = await loop.create_server(Answer, "0.0.0.0", 0, ssl=context, backlog=4096)
            found.append(server.sockets[0].getsockname()[1])
        ports.put(found)
        await asyncio.Event().wait()

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(run())


class Cluster:
    """The embedded API server for as long as the context lasts, and a client of it for each thread."""

    def __init__(self, manager, folder):
        self.state = folder / "cluster"
        self.log = open(folder / "cluster.log", "w+")
        self.command = [manager, "standalone", "--state-dir", str(self.state), "--port", "0", "--engine", "embedded",
                        "--without-manager"]
        self.local = threading.local()

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=subprocess.STDOUT)
        wait("the cluster", lambda: "The cluster is up" in pathlib.Path(self.log.name).read_text(), self.process)
        text = (self.state / "admin.conf").read_text()
        self.server = re.search(r"server: \"?https://([0-9.:a-z]+)", text).group(1)
        names = {"certificate-authority-data": "admin-ca", "client-certificate-data": "admin-crt", "client-key-data": "admin-key"}
        for key, name in names.items():
            (self.state / name).write_bytes(base64.b64decode(re.search(rf"{key}: \"?([A-Za-z0-9+/=]+)", text).group(1)))
        self.context = ssl.create_default_context(cafile=self.state / "admin-ca")
        self.context.load_cert_chain(self.state / "admin-crt", self.state / "admin-key")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)

    def send(self, method, path, body):
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPSConnection(self.server, context=self.context, timeout=120)
        connection = self.local.connection
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status == 429:
            time.sleep(0.2)
            return self.send(method, path, body)
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:500]}")
        return json.loads(text)


def wait(what, holds, process):
    end = time.monotonic() + PATIENCE
    while not holds():
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"{what} did not come up")
        time.sleep(0.1)


def kubeconfig(authority, endpoint):
    def data(name):
        return base64.b64encode(authority.read(name)).decode()

    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "admin",
        "clusters": [{"name": "tenant", "cluster": {"server": f"https://{endpoint}", "certificate-authority-data": data("ca.crt")}}],
        "users": [{"name": "admin", "user": {"client-certificate-data": data("client.crt"), "client-key-data": data("client.key")}}],
        "contexts": [{"name": "admin", "context": {"cluster": "tenant", "user": "admin"}}],
    }).encode()


def create(cluster, authority, index, port):
    name, endpoint = f"tenant-{index:05}", f"{address(index)}:{port}"
    group = index // GROUP
    path = f"/apis/kamaji.clastix.io/v1alpha1/namespaces/{NAMESPACE}/tenantcontrolplanes"
    tenant = cluster.send("POST", path, {
        "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "TenantControlPlane", "metadata": {"name": name},
        "spec": {
            "dataStore": "default", "kubernetes": {"version": "v1.36.0"}, "addons": {"coreDNS": {}, "kubeProxy": {}},
            "controlPlane": {"deployment": {"replicas": 2}, "service": {"serviceType": "ClusterIP"}},
        },
    })
    tenant["status"] = {
        "observedGeneration": tenant["metadata"]["generation"], "controlPlaneEndpoint": endpoint,
        "kubernetesResources": {
            "version": {"version": "v1.36.0", "status": "Ready"},
            "deployment": {"name": name, "namespace": NAMESPACE, "selector": "", "readyReplicas": 2, "replicas": 2},
        },
        "kubeconfig": {"admin": {"secretName": f"{name}-admin-kubeconfig"}},
        "storage": {"driver": "etcd", "dataStoreName": "default", "setup": {"schema": f"fleet_{index}"}},
    }
    cluster.send("PUT", f"{path}/{name}/status", tenant)
    ca, client = authority.read("ca.crt"), (authority.read("client.crt"), authority.read("client.key"))
    config = kubeconfig(authority, endpoint)
    for component, data in {
        "ca": {"ca.crt": ca, "ca.key": authority.read("ca.key")},
        "front-proxy-ca-certificate": {"front-proxy-ca.crt": ca, "front-proxy-ca.key": authority.read("ca.key")},
        "api-server-certificate": {
            "apiserver.crt": authority.read(f"apiserver-{group}.crt"),
            "apiserver.key": authority.read(f"apiserver-{group}.key")},
        "api-server-kubelet-client-certificate": {
            "apiserver-kubelet-client.crt": client[0], "apiserver-kubelet-client.key": client[1]},
        "front-proxy-client-certificate": {"front-proxy-client.crt": client[0], "front-proxy-client.key": client[1]},
        "konnectivity-certificate": {"tls.crt": client[0], "tls.key": client[1]},
        "datastore-certificate": {"ca.crt": ca, "server.crt": client[0], "server.key": client[1]},
        "admin-kubeconfig": {"admin.conf": config, "super-admin.conf": config},
        "controller-manager-kubeconfig": {"controller-manager.conf": config},
        "scheduler-kubeconfig": {"scheduler.conf": config},
    }.items():
        cluster.send("POST", f"/api/v1/namespaces/{NAMESPACE}/secrets", {
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": f"{name}-{component}", "labels": {
                "kamaji.clastix.io/name": name, "kamaji.clastix.io/component": component,
                "kamaji.clastix.io/project": "kamaji"}},
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
        })
    # Without replicas, for nobody is to run them here.
    labels = {"kamaji.clastix.io/name": name, "kamaji.clastix.io/project": "kamaji"}
    cluster.send("POST", f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments", {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {"containers": [{"name": "kube-apiserver", "image": "none"}]}}},
    })


class Exporter:
    """The exporter for as long as the context lasts."""

    def __init__(self, program, cluster, folder, *arguments):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = open(folder / "exporter.log", "w+")
        self.command = [program, "--kubeconfig", str(cluster.state / "admin.conf"), "--web.listen-address",
                        f"127.0.0.1:{self.port}", *arguments]

    def __enter__(self):
        start = time.monotonic()
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=subprocess.STDOUT)

        def is_ready():
            try:
                return self.get("/-/ready")[0].status == 200
            except OSError:
                return False

        wait("the exporter", is_ready, self.process)
        self.ready_seconds = time.monotonic() - start
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)

    def get(self, path, encoding="identity"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        connection.request("GET", path, headers={"Accept-Encoding": encoding})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def status(self, field):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", text).group(1)) * 1024

    def rest(self, seconds):
        before, start = self.cpu(), time.monotonic()
        time.sleep(seconds)
        return (self.cpu() - before) / (time.monotonic() - start)

    def scrapes(self, encoding, count, rest):
        times, size = [], 0
        before, begun = self.cpu(), time.monotonic()
        for _ in range(count):
            start = time.monotonic()
            answer, body = self.get("/metrics", encoding)
            times.append(time.monotonic() - start)
            if answer.status != 200:
                raise SystemExit(f"/metrics answered {answer.status}: {body[:200]}")
            size = len(body)
        # What it does anyhow is not the scrapes'.
        cpu = self.cpu() - before - rest * (time.monotonic() - begun)
        times.sort()
        rank = lambda part: round(times[max(0, -(-int(part * 100) * count // 100) - 1)], 4)
        return {f"{encoding}Bytes": size, f"{encoding}SecondsP50": rank(0.5), f"{encoding}SecondsP99": rank(0.99),
                f"{encoding}CPUSeconds": round(max(0, cpu) / count, 4)}


def measure(options, cluster, folder, is_cached):
    arguments = ["--config.file", str(folder / "exporter.yml")] + ([] if is_cached else ["--no-cache"])
    with Exporter(options.exporter, cluster, folder, *arguments) as exporter:
        # Until everybody was asked closely once.
        time.sleep(options.seconds)
        rest = exporter.rest(options.seconds)
        page = exporter.get("/metrics")[1].decode()
        well = len(re.findall(r'^kamaji_probe_success\{.*check="readyz"\} 1$', page, re.M))
        count = options.scrapes if is_cached else max(3, options.scrapes // 10)
        report = {
            "measured": "exporter", "cache": is_cached, "tenants": options.tenants, "tenantsWell": well,
            "series": sum(1 for line in page.splitlines() if line and not line.startswith("#")),
            "readySeconds": round(exporter.ready_seconds, 1), "restCores": round(rest, 4),
            "rssBytes": exporter.status("VmRSS"), "scrapes": count,
        }
        for encoding in ("gzip", "identity"):
            report |= exporter.scrapes(encoding, count, rest)
        report["rssBytesAfter"], report["rssBytesPeak"] = exporter.status("VmRSS"), exporter.status("VmHWM")
        print(json.dumps(report), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--manager", required=True)
    parser.add_argument("--exporter", required=True)
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--scrapes", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        authority = Authority(folder)
        authority.issue("client", "clientAuth")
        groups = -(-options.tenants // GROUP)
        for group in range(groups):
            last = min(options.tenants, (group + 1) * GROUP)
            authority.issue(f"apiserver-{group}", "serverAuth", [address(index) for index in range(group * GROUP, last)])
        (folder / "exporter.yml").write_text("{probe_interval: 30s, probe_timeout: 5s}\n")
        queue = multiprocessing.Queue()
        targets = multiprocessing.Process(target=serve, args=(folder, groups, queue), daemon=True)
        targets.start()
        ports = queue.get(timeout=PATIENCE)
        with Cluster(options.manager, folder) as cluster:
            cluster.send("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
            start = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                made = [pool.submit(create, cluster, authority, index, ports[index // GROUP]) for index in range(options.tenants)]
                for each in concurrent.futures.as_completed(made):
                    each.result()
            print(f"==> {options.tenants} tenants made in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
            for is_cached in (True, False):
                measure(options, cluster, folder, is_cached)
        targets.terminate()


if __name__ == "__main__":
    main()
