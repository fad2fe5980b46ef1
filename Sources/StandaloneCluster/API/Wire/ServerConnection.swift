import APIMachinery
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP2
import NIOHTTPTypesHTTP2
import NIOSSL

/// Carries requests from sockets to the API and answers back: reads a bounded body, writes answers and watches, and
/// ends a watch when its client is gone.
struct ServerConnection: Sendable {
    /// As kube-apiserver limits a request body.
    static let bodyLimit = 3 * 1024 * 1024

    let handler: RequestHandler
    let log: Logger

    @concurrent @Sendable
    func respond(to request: Request, writer: consuming ResponseWriter, channel: any Channel) async throws {
        let certificate = await Self.peerCertificate(of: channel)
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.bodyLimit)
        } catch is NIOTooManyBytesError {
            let answer = WireResponse(.requestEntityTooLarge(limit: Self.bodyLimit))
            return try await write(answer, to: writer, channel: channel, isHead: false, closes: true)
        }
        var headers: [String: String] = [:]
        for field in request.headers {
            let name = field.name.canonicalName
            headers[name] = headers[name].map { "\($0),\(field.value)" } ?? field.value
        }
        let target = request.head.path ?? "/"
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let wire = WireRequest(
            method: request.method.rawValue, path: PercentEncoding.decoded(parts.first ?? "/"),
            query: QueryItems(parsing: parts.count > 1 ? parts[1] : ""), headers: headers,
            body: Array(body.readableBytesView))
        let answer = await handler.answer(wire, certificate: certificate)
        try await write(answer, to: writer, channel: channel, isHead: request.method == .head, closes: false)
    }

    @concurrent
    private func write(
        _ answer: WireResponse, to writer: consuming ResponseWriter, channel: any Channel, isHead: Bool, closes: Bool
    ) async throws {
        var fields = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        let isStream = Self.isStream(channel)
        // HTTP/2 has no such field: there a stream ends, and the connection stays.
        if closes, !isStream { fields[.connection] = "close" }
        let status = HTTPResponse.Status(code: answer.status)
        switch answer.body {
        case .bytes(let bytes):
            fields[.contentLength] = String(bytes.count)
            let head = HTTPResponse(status: status, headerFields: fields)
            if isHead || bytes.isEmpty {
                try await writer.writeResponse(head)
            } else {
                try await writer.write(response: head, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
            }
            if closes, isStream {
                // The answer is complete, the request will not be.
                channel.triggerUserOutboundEvent(NIOHTTP2FramePayloadToHTTPEvent.reset(code: .noError), promise: nil)
            } else if closes {
                channel.close(promise: nil)
            }
        case .stream(let lines):
            let signal = lines.signal
            channel.closeFuture.whenComplete { _ in signal.close() }
            let body = try await writer.writeHead(HTTPResponse(status: status, headerFields: fields))
            try await send(lines, to: body)
        }
    }

    @concurrent
    private func send(_ lines: any ResponseStream, to body: consuming some ResponseBodyWriter) async throws {
        var lines = lines
        let timer = lines.timer
        var body = body
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Wakes the watch when a bookmark is due or its time is over.
            if let timer { group.addTask { await timer.run() } }
            defer { group.cancelAll() }
            while let chunk = await lines.next() {
                if !chunk.isEmpty { try await body.write(ByteBuffer(bytes: chunk)) }
            }
        }
        try await body.finish(nil)
    }

    /// Whether the channel is a stream of an HTTP/2 connection: then its parent is one that was accepted.
    private static func isStream(_ channel: any Channel) -> Bool { channel.parent?.parent != nil }

    /// The verified certificate of the client, as DER; nil when it showed none or the connection is plain.
    private static func peerCertificate(of channel: any Channel) async -> [UInt8]? {
        // Under HTTP/2 a request has a channel of its own, and TLS belongs to its parent.
        let connection = isStream(channel) ? channel.parent ?? channel : channel
        let found = connection.eventLoop.submit {
            try connection.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self).peerCertificate?
                .toDERBytes()
        }
        return try? await found.get()
    }
}
