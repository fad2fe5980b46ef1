#!/usr/bin/env python3
"""Compares what this manager makes of a tenant with what upstream Kamaji was recorded to make.

usage: parity.py --manager PROGRAM [--golden DIRECTORY] [--engine ENGINE] [--verbose] [--keep] [CASE...]

The directory (default $KAMAJI_GOLDEN, then ../shared/golden) holds dump.py and, for each case, input.yaml and
outside.yaml. Every input is applied to a standalone cluster with real datastores, dumped by that same dump.py, and
compared object by object and field by field. Prints `case / kind/name / path: upstream -> ours`. A difference that no
row of the table in docs/parity.md names makes the exit code 1; rows that match nothing are reported.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = REPOSITORY / "docs" / "parity.md"
NAMESPACE = "kamaji-system"
ABSENT = "–"
# Without it the whole run would wait for ever on a broken manager.
PATIENCE = 180


# ---------------------------------------------------------------- what is started

class Programs:
    """Programs of this run; each is ended by its own process id."""

    def __init__(self, folder):
        self.folder = folder
        self.running = []

    def start(self, name, *command):
        log = open(self.folder / f"{name}.log", "wb")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.running.append(process)
        return process, self.folder / f"{name}.log"

    def stop(self):
        for process in reversed(self.running):
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(what, condition):
    """Polls, and fails when there is no hope left."""
    end = time.monotonic() + PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.2)


def unused_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    def __init__(self, programs, folder, manager, engine):
        process, log = programs.start(
            "standalone", manager, "standalone", "--state-dir", folder / "cluster", "--port", "0", "--engine", engine,
            # Those that never start, for their etcd is beyond the engine, must not keep the others waiting.
            "--max-starting-control-planes", "100")

        def up():
            if process.poll() is not None:
                raise SystemExit(log.read_text())
            return "The cluster is up" in log.read_text()

        until("the cluster", up)
        self.environment = dict(os.environ, KUBECONFIG=str(folder / "cluster" / "admin.conf"))
        # dump.py calls the kubectl of the search path.
        tool = os.environ.get("KUBECTL_NEW") or shutil.which("kubectl")
        self.environment["PATH"] = f"{pathlib.Path(tool).parent}:{self.environment['PATH']}"

    def kubectl(self, *arguments, document=None):
        return subprocess.run(
            ["kubectl", *arguments], env=self.environment, check=True, capture_output=True, text=True,
            input=None if document is None else yaml.safe_dump(document)).stdout

    def apply(self, *documents):
        for document in documents:
            self.kubectl("apply", "-f", "-", document=document)

    def get(self, *arguments):
        return yaml.safe_load(self.kubectl("get", *arguments, "-o", "json"))


# ---------------------------------------------------------------- datastores

def etcd(programs, folder, cluster, name):
    """A real etcd that knows its clients by their certificates, authentication switched on."""
    program = os.environ.get("ETCD") or next(
        (p for p in (shutil.which("etcd"), "/usr/local/kubebuilder/bin/etcd") if p and os.access(p, os.X_OK)), None)
    if not program:
        raise SystemExit("no etcd on this machine: install etcd-server, or set ETCD")
    home = folder / f"etcd-{name}"
    home.mkdir()

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=home, check=True, capture_output=True)

    # openssl's own defaults have a second basicConstraints; a file of ours has what is said here and no more.
    (home / "openssl.cnf").write_text(
        "[req]\ndistinguished_name=name\n[name]\n[authority]\nbasicConstraints=critical,CA:TRUE\n"
        "[leaf]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
    openssl("req", "-x509", "-config", "openssl.cnf", "-extensions", "authority", "-newkey", "rsa:2048", "-nodes",
            "-days", 3650, "-subj", "/CN=etcd-ca", "-keyout", "ca.key", "-out", "ca.crt")
    for leaf in ("server", "root"):
        openssl("req", "-config", "openssl.cnf", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={leaf}",
                "-keyout", f"{leaf}.key", "-out", f"{leaf}.csr")
        openssl("x509", "-req", "-in", f"{leaf}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", 365, "-extfile", "openssl.cnf", "-extensions", "leaf", "-out", f"{leaf}.crt")
    endpoint, peer = f"127.0.0.1:{unused_port()}", f"http://127.0.0.1:{unused_port()}"
    programs.start(
        f"etcd-{name}", program, f"--data-dir={home / 'data'}", f"--listen-client-urls=https://{endpoint}",
        f"--advertise-client-urls=https://{endpoint}", f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}", "--client-cert-auth",
        f"--cert-file={home / 'server.crt'}", f"--key-file={home / 'server.key'}",
        f"--trusted-ca-file={home / 'ca.crt'}")
    tls = ssl.create_default_context(cafile=home / "ca.crt")
    tls.load_cert_chain(home / "root.crt", home / "root.key")

    def call(method, body):
        try:
            connection = http.client.HTTPSConnection(endpoint, context=tls, timeout=10)
            connection.request("POST", f"/v3/{method}", json.dumps(body))
            return connection.getresponse().status == 200
        except OSError:
            return False

    for method, body in (
            ("auth/user/add", {"name": "root", "options": {"no_password": True}}), ("auth/role/add", {"name": "root"}),
            ("auth/user/grant", {"user": "root", "role": "root"}), ("auth/enable", {})):
        until(f"etcd to take {method}", lambda: call(method, body))
    secret = f"parity-{name}"

    def content(file):
        return {"secretReference": {"name": secret, "namespace": NAMESPACE, "keyPath": file}}

    files = ("ca.crt", "ca.key", "root.crt", "root.key")
    cluster.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret, "namespace": NAMESPACE},
         "stringData": {file: (home / file).read_text() for file in files}},
        {"apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "DataStore", "metadata": {"name": name},
         "spec": {"driver": "etcd", "endpoints": [endpoint], "tlsConfig": {
             "certificateAuthority": {"certificate": content("ca.crt"), "privateKey": content("ca.key")},
             "clientCertificate": {"certificate": content("root.crt"), "privateKey": content("root.key")}}}})


# Driver, as upstream's record of the case has it in the status, to what makes such a DataStore; or why there is none.
DATASTORES = {
    "etcd": etcd,
    "PostgreSQL": "this version has no PostgreSQL driver",
    "MySQL": "this version has no MySQL driver",
    "NATS": "this version has no NATS driver",
}


# ---------------------------------------------------------------- dumps, made comparable

# Lists that are sets of things with a name: by which field each of them is known.
NAMES = ("name", "mountPath", "type", "key", "uid")
# Lists of a container whose items are flags: they are compared flag by flag, and then for their order.
FLAGS = re.compile(r"\.(args|command)$")


def own_endpoint(objects):
    """Where the datastore of this dump listens: nothing that the two sides could have in common."""
    found = re.search(r"--etcd-servers=https://([^\s'\",]+)", yaml.safe_dump(objects, width=100_000))
    return found[1] if found else None


def replaced(value, old, new):
    if isinstance(value, dict):
        return {k: replaced(v, old, new) for k, v in value.items()}
    if isinstance(value, list):
        return [replaced(v, old, new) for v in value]
    return value.replace(old, new) if isinstance(value, str) else value


def flattened(value, path=""):
    """Path to leaf. Named items of lists are found by their name, and their order is a leaf of its own."""
    if isinstance(value, dict):
        if not value:
            return {path: "{}"}
        result = {}
        for key, item in value.items():
            key = f"[{key}]" if "." in key or "/" in key else key
            result |= flattened(item, f"{path}.{key}" if path and not key.startswith("[") else f"{path}{key}")
        return result
    if isinstance(value, list):
        if not value:
            return {path: "[]"}
        if path.endswith("certificate") and all(isinstance(x, str) for x in value):
            return certificate(value, path)
        if FLAGS.search(path):
            result = {}
            for item in value:
                flag, _, argument = item.partition("=")
                result.setdefault(f"{path}[{flag}]", []).append(argument)
            leaves = {key: " ".join(arguments) for key, arguments in result.items()}
            return leaves | {f"{path}#order": [item.partition("=")[0] for item in value]}
        name = next(
            (n for n in NAMES if all(isinstance(x, dict) and n in x for x in value)
             and len({x[n] for x in value}) == len(value)), None)
        result = {}
        for index, item in enumerate(value):
            result |= flattened(item, f"{path}[{item[name] if name else index}]")
        return result | ({f"{path}#order": [str(x[name]) for x in value]} if name else {})
    return {path: "null" if value is None else str(value)}


def certificate(lines, path):
    """openssl's lines by what they say; names are a set."""
    result = {}
    for line in lines:
        if line.startswith(("DNS:", "IP Address:")):
            for name in line.split(", "):
                result[f"{path}.names[{name}]"] = "yes"
        elif line.startswith(("subject=", "issuer=")):
            key, _, value = line.partition("=")
            result[f"{path}.{key}"] = value
        elif line.startswith("CA:"):
            result[f"{path}.authority"] = line[3:]
        elif line.startswith("TLS Web") or "Code Signing" in line:
            result[f"{path}.extendedUsage"] = line
        elif line.startswith("X509v3"):
            result[f"{path}.extensions[{line.split(':')[0].removeprefix('X509v3 ')}]"] = line.split(":")[1].strip()
        else:
            result[f"{path}.usage"] = line
    return result


def objects_of(dump):
    documents = [document for document in dump if document]
    endpoint = own_endpoint(documents)
    if endpoint:
        documents = replaced(documents, endpoint, "<datastore>")
    return {f"{document['kind']}/{document['metadata']['name']}": document for document in documents}


def differences(upstream, ours):
    """(object, path, upstream, ours), where something that only one side has is one difference."""
    for name in sorted(upstream.keys() | ours.keys()):
        if name not in upstream or name not in ours:
            yield name, "", "there" if name in upstream else ABSENT, "there" if name in ours else ABSENT
            continue
        left, right = flattened(upstream[name]), flattened(ours[name])
        for path in sorted(left.keys() | right.keys()):
            a, b = left.get(path, ABSENT), right.get(path, ABSENT)
            if path.endswith("#order"):
                # What only one side has is told by itself: here only what both have is put in order.
                if a == ABSENT or b == ABSENT:
                    continue
                both = set(a) & set(b)
                a, b = (" ".join(x for x in side if x in both) for side in (a, b))
            if a == b or is_lonely_emptiness(path, a, b, left, right):
                continue
            yield name, path, a, b


def is_lonely_emptiness(path, a, b, left, right):
    """An empty object here and a full one there is told by what it is full of."""
    for mine, other, there in ((a, b, right), (b, a, left)):
        if other == ABSENT and mine in ("{}", "[]", "null"):
            return any(p.startswith((f"{path}.", f"{path}[")) for p in there)
    return False


# ---------------------------------------------------------------- accepted differences

class Row:
    """One line of the table: four patterns, where `*` is any text and ` or ` stands between choices, and the reason."""

    def __init__(self, cells):
        self.object, self.path, self.upstream, self.ours, self.reason = cells
        self.matches = 0
        self.expressions = [
            re.compile("|".join(f"(?:{glob(p.strip())})" for p in cell.split(" or ")))
            for cell in (self.object, self.path, self.upstream, self.ours)]

    def accepts(self, *values):
        return all(e.fullmatch(v) for e, v in zip(self.expressions, values))


def glob(pattern):
    """`*` is any text; everything else, brackets too, is itself."""
    return ".*".join(re.escape(part) for part in pattern.split("*"))


def accepted_differences():
    text = DOCUMENT.read_text()
    found = re.search(r"<!-- parity: begin -->\n(.*?)<!-- parity: end -->", text, re.S)
    if not found:
        raise SystemExit(f"{DOCUMENT}: no table between `<!-- parity: begin -->` and `<!-- parity: end -->`")
    rows = []
    for line in found[1].splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 5 or set(cells[0]) <= set("-: ") or cells[0] == "object":
            continue
        rows.append(Row([cell.replace("`", "") for cell in cells[:4]] + cells[4:]))
    return rows


# ---------------------------------------------------------------- the run

def is_settled(cluster, tenant, namespace):
    """Whether the manager has made all of it. That its pods run is another matter: on the embedded engine, which knows
    no etcd, they do not."""
    tenant = cluster.get("tcp", tenant, "-n", namespace)
    return (tenant.get("status") or {}).get("observedGeneration") == tenant["metadata"]["generation"]


def compare(case, folder, cluster, rows, golden, verbose):
    upstream = list(yaml.safe_load_all((folder / "outside.yaml").read_text()))
    given = yaml.safe_load((folder / "input.yaml").read_text())
    name, namespace = given["metadata"]["name"], given["metadata"]["namespace"]
    cluster.kubectl("apply", "-f", str(folder / "input.yaml"))
    try:
        until(f"{case} to be made", lambda: is_settled(cluster, name, namespace))
    except SystemExit:
        print(cluster.kubectl("describe", "tcp", name, "-n", namespace), file=sys.stderr)
        print(cluster.kubectl("describe", "datastores"), file=sys.stderr)
        raise

    dump = subprocess.run(
        [sys.executable, str(golden / "dump.py"), "outside", name, namespace], env=cluster.environment, check=True,
        capture_output=True, text=True).stdout
    ours = list(yaml.safe_load_all(dump))
    unexplained = 0
    # The tenant's name is in everything; patterns that say <tenant> serve every case.
    pair = [replaced(objects_of(d), name, "<tenant>") for d in (upstream, ours)]
    pair = [{key.replace(name, "<tenant>"): value for key, value in side.items()} for side in pair]
    for object, path, a, b in differences(*pair):
        row = next((r for r in rows if r.accepts(object, path, a, b)), None)
        if row:
            row.matches += 1
        else:
            unexplained += 1
        if not row or verbose:
            mark = f"  ({row.reason})" if row else ""
            print(f"{case} / {object} / {path}: {a} -> {b}{mark}")
    return unexplained


def main():
    parser = argparse.ArgumentParser(description="Compares our tenants with upstream Kamaji's.")
    parser.add_argument("--manager", required=True)
    parser.add_argument("--golden", type=pathlib.Path, default=os.environ.get("KAMAJI_GOLDEN"))
    parser.add_argument("--engine", default="embedded")
    parser.add_argument("--verbose", action="store_true", help="print accepted differences too, with their reasons")
    parser.add_argument("--keep", action="store_true", help="leave logs and data where they are")
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    golden = (options.golden or REPOSITORY.parent / "shared" / "golden").resolve()
    if not (golden / "dump.py").is_file():
        raise SystemExit(f"{golden} holds no dump.py: set KAMAJI_GOLDEN to the directory of upstream's records")
    rows = accepted_differences()
    cases = sorted(p.parent.name for p in golden.glob("*/input.yaml"))
    cases = [c for c in cases if not options.cases or c in options.cases]

    # What was started here ends with this program, also when somebody else ends it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="parity-"))
    programs = Programs(folder)
    unexplained, skipped = 0, []
    try:
        cluster = Cluster(programs, folder, options.manager, options.engine)
        # The cluster's own would stand in the way of ours of the same name.
        cluster.kubectl("delete", "datastores", "--all", "--wait")
        made = set()
        for case in cases:
            upstream = yaml.safe_load_all((golden / case / "outside.yaml").read_text())
            storage = next(o for o in upstream if o and o["kind"] == "TenantControlPlane")["status"]["storage"]
            maker = DATASTORES.get(storage["driver"], f"unknown driver {storage['driver']}")
            if isinstance(maker, str):
                skipped.append((case, maker))
                continue
            if storage["dataStoreName"] not in made:
                maker(programs, folder, cluster, storage["dataStoreName"])
                made.add(storage["dataStoreName"])
            unexplained += compare(case, golden / case, cluster, rows, golden, options.verbose)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{' '.join(map(str, error.cmd))}: {error.stderr}")
    finally:
        programs.stop()
        if options.keep:
            print(f"logs and data: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)

    for case, reason in skipped:
        print(f"{case}: skipped, {reason}")
    for row in rows:
        if not row.matches and not options.cases:
            print(f"row without a difference: {row.object} / {row.path}: {row.upstream} -> {row.ours}")
    print(f"{len(cases) - len(skipped)} cases, {sum(r.matches for r in rows)} accepted differences, "
          f"{unexplained} unexplained")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
