import FoundationEssentials
import HTTPTransport
import KubeObjects

extension ClusterConnection {
    /// From the file that is named, or the files that `KUBECONFIG` lists, or `~/.kube/config`, or, where none of these
    /// is there, the cluster that this process runs in.
    package static func load(
        path: String? = nil, context: String? = nil, environment: [String: String]
    ) throws -> ClusterConnection {
        if let kubeconfig = try kubeconfig(path: path, environment: environment) {
            return try ClusterConnection(kubeconfig, context: context, environment: environment)
        }
        if environment["KUBERNETES_SERVICE_HOST"] != nil { return try inCluster(environment: environment) }
        throw KubeconfigError(
            "none found: pass --kubeconfig, set KUBECONFIG, or write \(environment["HOME"] ?? "~")/.kube/config")
    }

    /// The files merged, their references resolved; nil where none was named and the default is not there.
    private static func kubeconfig(path: String?, environment: [String: String]) throws -> Kubeconfig? {
        if let path { return try read(path) }
        if let list = environment["KUBECONFIG"], !list.isEmpty {
            var merged: Kubeconfig?
            for path in list.split(separator: ":").map(String.init) {
                // As kubectl has it: files of the list that are missing are skipped, not all of them may be.
                guard FileManager.default.fileExists(atPath: path) else { continue }
                let file = try read(path)
                merged = merged.map { $0.merged(under: file) } ?? file
            }
            guard let merged else { throw KubeconfigError("no file of KUBECONFIG=\(list) exists") }
            return merged
        }
        guard let home = environment["HOME"] else { return nil }
        let path = "\(home)/.kube/config"
        return FileManager.default.fileExists(atPath: path) ? try read(path) : nil
    }

    private static func read(_ path: String) throws -> Kubeconfig {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let text = String(decoding: try FileContent.read(path, for: "the kubeconfig"), as: UTF8.self)
        do {
            return try Kubeconfig(yaml: text).resolvingFiles(against: folder.isEmpty ? "/" : folder)
        } catch {
            throw KubeconfigError("\(path): \(error.message)")
        }
    }

    /// From one context of a kubeconfig whose file references are absolute.
    package init(_ kubeconfig: Kubeconfig, context name: String? = nil, environment: [String: String] = [:]) throws {
        guard let contextName = name ?? kubeconfig.currentContext else {
            throw KubeconfigError("it has no current-context: choose one of \(kubeconfig.contextNames)")
        }
        guard let context = kubeconfig.context(contextName) else {
            throw KubeconfigError("it has no context \"\(contextName)\": it has \(kubeconfig.contextNames)")
        }
        guard let cluster = kubeconfig.cluster(context.cluster) else {
            throw KubeconfigError("context \"\(contextName)\" names cluster \"\(context.cluster)\", which is not there")
        }
        guard cluster.server.hasPrefix("https://") || cluster.server.hasPrefix("http://") else {
            throw KubeconfigError("cluster \"\(context.cluster)\" has server \"\(cluster.server)\": a URL is needed")
        }
        let user = kubeconfig.user(context.user)
        if user == nil, !context.user.isEmpty {
            throw KubeconfigError("context \"\(contextName)\" names user \"\(context.user)\", which is not there")
        }
        var tls = TLSSettings(
            certificateAuthorities: try FileContent.either(cluster.json, "certificate-authority"),
            serverName: cluster.tlsServerName, acceptsAnyCertificate: cluster.insecureSkipTLSVerify)
        tls.clientCertificate = try FileContent.either(user?.json, "client-certificate")
        tls.clientKey = try FileContent.either(user?.json, "client-key")
        self.init(
            server: cluster.server, tls: tls,
            credential: try user.map { try Credential($0, cluster: cluster.pluginInfo(tls)) } ?? .none,
            proxy: cluster.proxyURL ?? ProxyRules(environment: environment).proxy(for: cluster.server),
            namespace: context.namespace ?? "default")
    }

    /// The service account of the pod that this process runs in.
    package static func inCluster(environment: [String: String]) throws -> ClusterConnection {
        let folder = "/var/run/secrets/kubernetes.io/serviceaccount"
        guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"]
        else {
            throw KubeconfigError("not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
        }
        let authorities = try FileContent.read("\(folder)/ca.crt", for: "the cluster's certificate authority")
        let namespace = try FileContent.read("\(folder)/namespace", for: "the pod's namespace")
        return ClusterConnection(
            server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)",
            tls: TLSSettings(certificateAuthorities: authorities), credential: .tokenFile("\(folder)/token"),
            namespace: String(decoding: namespace, as: UTF8.self))
    }
}

extension ClusterConnection.Credential {
    /// - Parameter cluster: what a credential plugin is told, if it asks.
    init(_ user: Kubeconfig.User, cluster: JSON) throws {
        if let exec = user.exec, !exec.isNull {
            self = .exec(try ExecPlugin(exec, cluster: cluster))
        } else if let path = user.tokenFile, !path.isEmpty {
            self = .tokenFile(path)
        } else if let token = user.token, !token.isEmpty {
            self = .token(token)
        } else if let name = user.username, !name.isEmpty {
            self = .basic(user: name, password: user.password ?? "")
        } else {
            self = .none
        }
    }
}

extension Kubeconfig.Cluster {
    /// `spec.cluster` of client.authentication.k8s.io/v1: the authorities as bytes, wherever they came from, and as
    /// `config` whatever the cluster's extension for plugins holds.
    fileprivate func pluginInfo(_ tls: TLSSettings) -> JSON {
        var info: JSON = ["server": .string(server)]
        if let name = tlsServerName, !name.isEmpty { info["tls-server-name"] = .string(name) }
        if insecureSkipTLSVerify { info["insecure-skip-tls-verify"] = true }
        if let bytes = tls.certificateAuthorities {
            info["certificate-authority-data"] = .string(Base64.encode(bytes))
        }
        if let proxyURL, !proxyURL.isEmpty { info["proxy-url"] = .string(proxyURL) }
        if json["disable-compression"]?.bool == true { info["disable-compression"] = true }
        let extensions = json["extensions"]?.array ?? []
        let own = extensions.first { $0["name"]?.string == "client.authentication.k8s.io/exec" }
        if let config = own?["extension"] { info["config"] = config }
        return info
    }
}

extension ExecPlugin {
    init(_ json: JSON, cluster: JSON) throws(KubeconfigError) {
        let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]
        let version = json["apiVersion"]?.string ?? ""
        guard versions.contains(version) else {
            throw KubeconfigError("users[].user.exec.apiVersion is \"\(version)\": use one of \(versions)")
        }
        guard let command = json["command"]?.string, !command.isEmpty else {
            throw KubeconfigError("users[].user.exec.command is empty: name the credential plugin")
        }
        apiVersion = version
        self.command = command
        arguments = json["args"]?.strings ?? []
        var environment: [String: String] = [:]
        for entry in json["env"]?.array ?? [] {
            if let name = entry["name"]?.string { environment[name] = entry["value"]?.string ?? "" }
        }
        self.environment = environment
        installHint = json["installHint"]?.string
        self.cluster = json["provideClusterInfo"]?.bool == true ? cluster : nil
    }
}

/// Small files that configuration refers to.
enum FileContent {
    static func read(_ path: String, for purpose: String) throws(KubeconfigError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw KubeconfigError("cannot read \(path), \(purpose): check that it exists and may be read")
        }
    }

    /// What `field` of a cluster or user refers to. Embedded bytes (`field-data`) stand above a file.
    static func either(_ entry: JSON?, _ field: String) throws(KubeconfigError) -> [UInt8]? {
        if let text = entry?["\(field)-data"]?.string, !text.isEmpty {
            guard let data = Base64.decode(text) else { throw KubeconfigError("\(field)-data is no base64") }
            return data
        }
        guard let path = entry?[field]?.string, !path.isEmpty else { return nil }
        return try read(path, for: "which the kubeconfig refers to")
    }
}
