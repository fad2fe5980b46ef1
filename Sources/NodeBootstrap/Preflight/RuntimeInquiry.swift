import HTTPTransport

/// Asks a container runtime over its CRI socket (runtime.v1.RuntimeService, gRPC) what preflight wants to know.
package struct RuntimeInquiry: Sendable {
    private let transport: any HTTPTransport
    /// kubeadm has two seconds; a runtime on a slow board that has just booted takes longer.
    private static let timeout = Duration.seconds(10)

    package init(transport: any HTTPTransport) { self.transport = transport }

    /// - Parameter place: the socket's path in this process's view.
    package func facts(socket: String, place: String) async -> HostFacts.RuntimeFacts {
        var facts = HostFacts.RuntimeFacts()
        facts.socket = socket
        do {
            // VersionResponse: runtime_name = 2, runtime_version = 3.
            let version = ProtobufFields(try await call("Version", place))
            facts.name = version.text(2) ?? "runtime"
            facts.version = version.text(3) ?? ""
            // StatusResponse: status = 1, in it conditions = 1 of type = 1, status = 2, reason = 3, message = 4.
            let status = ProtobufFields(ProtobufFields(try await call("Status", place)).bytes(1) ?? [])
            for condition in status.all(1).map({ ProtobufFields($0) }) where condition.text(1) == "RuntimeReady" {
                facts.isReady = condition.number(2) == 1
                facts.notReadyReason = condition.text(4) ?? condition.text(3) ?? ""
            }
        } catch let error as RuntimeInquiryError {
            facts.failure = error.description
            return facts
        } catch {
            facts.failure = "\(error)"
            return facts
        }
        do {
            // RuntimeConfigResponse: linux = 1, in it cgroup_driver = 1, where SYSTEMD is 0 and CGROUPFS is 1.
            let linux = ProtobufFields(ProtobufFields(try await call("RuntimeConfig", place)).bytes(1) ?? [])
            facts.tellsCgroupDriver = true
            facts.cgroupDriver = (linux.number(1) ?? 0) == 1 ? "cgroupfs" : "systemd"
        } catch let error as RuntimeInquiryError {
            facts.tellsCgroupDriver = error.isUnimplemented ? false : nil
        } catch {
            facts.tellsCgroupDriver = nil
        }
        return facts
    }

    /// Every pod's sandbox. ListPodSandboxResponse: items = 1, in it id = 1 and metadata = 2 of name = 1, uid = 2.
    package func sandboxes(_ place: String) async throws -> [(id: String, uid: String, name: String)] {
        ProtobufFields(try await call("ListPodSandbox", place)).all(1).compactMap { bytes in
            let item = ProtobufFields(bytes)
            let metadata = ProtobufFields(item.bytes(2) ?? [])
            guard let id = item.text(1), let uid = metadata.text(2) else { return nil }
            return (id, uid, metadata.text(1) ?? "")
        }
    }

    package func removeSandbox(_ id: String, _ place: String) async throws {
        // pod_sandbox_id = 1, whose length an id of 64 letters keeps to one byte.
        let text = Array(id.utf8.prefix(127))
        let request = [0x0A, UInt8(text.count)] + text
        _ = try await call("StopPodSandbox", place, request)
        _ = try await call("RemovePodSandbox", place, request)
    }

    /// One unary call: five bytes of gRPC framing before each message.
    private func call(_ method: String, _ place: String, _ message: [UInt8] = []) async throws -> [UInt8] {
        var request = HTTPRequest(
            "POST", "http://localhost/runtime.v1.RuntimeService/\(method)",
            headers: ["content-type": "application/grpc", "te": "trailers"],
            body: [0, 0, 0, 0, UInt8(clamping: message.count)] + message,
            timeout: Self.timeout, version: .http2)
        request.unixSocket = place
        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch let error as HTTPTransportError {
            throw RuntimeInquiryError(code: nil, description: error.message)
        }
        let status = response.trailers["grpc-status"] ?? response.headers["grpc-status"] ?? "2"
        guard status == "0" else {
            let text = response.trailers["grpc-message"] ?? response.headers["grpc-message"] ?? "gRPC status \(status)"
            throw RuntimeInquiryError(code: Int(status), description: "\(method): \(text)")
        }
        guard response.body.count >= 5, response.body[0] == 0 else {
            throw RuntimeInquiryError(code: nil, description: "\(method): the answer is no gRPC message")
        }
        return Array(response.body.dropFirst(5))
    }
}

struct RuntimeInquiryError: Error, CustomStringConvertible {
    let code: Int?
    let description: String
    var isUnimplemented: Bool { code == 12 }
}

/// The fields of one protobuf message; what is malformed ends the reading, and what was read before stands.
struct ProtobufFields: Sendable {
    private var numbers: [UInt64: UInt64] = [:]
    private var pieces: [UInt64: [[UInt8]]] = [:]

    init(_ bytes: some Sequence<UInt8>) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            guard let tag = Self.varint(&rest) else { return }
            switch tag & 7 {
            case 0:
                guard let value = Self.varint(&rest) else { return }
                numbers[tag >> 3] = value
            case 1, 5:
                let width = tag & 7 == 1 ? 8 : 4
                guard rest.count >= width else { return }
                rest = rest.dropFirst(width)
            case 2:
                guard let length = Self.varint(&rest), length <= UInt64(rest.count) else { return }
                pieces[tag >> 3, default: []].append(Array(rest.prefix(Int(length))))
                rest = rest.dropFirst(Int(length))
            default: return
            }
        }
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    func number(_ field: UInt64) -> UInt64? { numbers[field] }
    func all(_ field: UInt64) -> [[UInt8]] { pieces[field] ?? [] }
    func bytes(_ field: UInt64) -> [UInt8]? { pieces[field]?.last }
    func text(_ field: UInt64) -> String? { bytes(field).map { String(decoding: $0, as: UTF8.self) } }
}
