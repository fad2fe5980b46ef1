import NIOCore
import NIOSSL

/// The web configuration with what its files hold, ready to be used.
struct WebMaterial: Sendable {
    var configuration = WebConfiguration()
    var certificates: [NIOSSLCertificate] = []
    var key: NIOSSLPrivateKey?
    /// PEM of those that vouch for clients; empty where nobody asks for their certificates.
    var clientAuthorities: [UInt8] = []

    /// - Parameter path: of the web configuration; nil serves plain HTTP to everybody.
    static func read(_ path: String?) throws -> (WebMaterial, paths: [String]) {
        guard let path else { return (WebMaterial(), []) }
        let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
        let text = String(decoding: try content(of: path, "--web.config.file"), as: UTF8.self)
        var material = WebMaterial()
        do {
            material.configuration = try WebConfiguration(yaml: text, folder: folder.isEmpty ? "/" : folder)
        } catch {
            throw WebConfigurationError("\(path): \(error)")
        }
        guard let tls = material.configuration.tls else { return (material, [path]) }
        do {
            material.certificates = try NIOSSLCertificate.fromPEMBytes(
                content(of: tls.certificateFile, "\(path): tls_server_config.cert_file"))
            let key = try NIOSSLPrivateKey(
                bytes: content(of: tls.keyFile, "\(path): tls_server_config.key_file"), format: .pem)
            material.key = key
            // A key that is another certificate's is told now, not at the first handshake.
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: material.certificates.map { .certificate($0) }, privateKey: .privateKey(key)))
        } catch let error as WebConfigurationError {
            throw error
        } catch {
            throw WebConfigurationError(
                "\(path): tls_server_config.cert_file (\(tls.certificateFile)) and key_file (\(tls.keyFile)) must hold a "
                    + "certificate and its own key as PEM: \(error)")
        }
        var paths = [path, tls.certificateFile, tls.keyFile]
        if let file = tls.clientAuthorityFile, tls.clientAuthentication != .none {
            material.clientAuthorities = try content(of: file, "\(path): tls_server_config.client_ca_file")
            paths.append(file)
        }
        return (material, paths)
    }

    private static func content(of path: String, _ field: String) throws(WebConfigurationError) -> [UInt8] {
        do {
            return try TextFile.read(path)
        } catch {
            throw WebConfigurationError("\(field): \(error)")
        }
    }

    /// Whether a socket that was opened with `first` serves as this says. Users, headers, certificate and key are looked up
    /// for each request and handshake; the rest belongs to the socket.
    func isServed(since first: WebMaterial) -> Bool {
        let (tls, before) = (configuration.tls, first.configuration.tls)
        return (tls == nil) == (before == nil) && clientAuthorities == first.clientAuthorities
            && tls?.clientAuthentication == before?.clientAuthentication
            && tls?.minimumVersion == before?.minimumVersion && tls?.maximumVersion == before?.maximumVersion
    }
}

extension WatchedFile where Value == WebMaterial {
    /// Nil where plain HTTP is served. Certificate and key follow their files; what clients must show does not.
    func tlsConfiguration() throws -> TLSConfiguration? {
        let material = value
        guard let settings = material.configuration.tls, let key = material.key else { return nil }
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: material.certificates.map { .certificate($0) }, privateKey: .privateKey(key))
        tls.minimumTLSVersion = settings.minimumVersion == "TLS13" ? .tlsv13 : .tlsv12
        tls.maximumTLSVersion = settings.maximumVersion == "TLS12" ? .tlsv12 : .tlsv13
        tls.shutdownTimeout = .milliseconds(100)
        if settings.clientAuthentication != .none {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(material.clientAuthorities))
            tls.certificateVerification =
                settings.clientAuthentication == .require ? .noHostnameVerification : .optionalVerification
            tls.sendCANameList = true
        }
        tls.sslContextCallback = { [self] _, promise in
            let material = value
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = material.certificates.map { .certificate($0) }
            override.privateKey = material.key.map { .privateKey($0) }
            promise.succeed(override)
        }
        return tls
    }
}
