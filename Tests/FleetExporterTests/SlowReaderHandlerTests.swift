import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import FleetExporter

@Suite("Readers and their time")
struct SlowReaderHandlerTests {
    private let channel: EmbeddedChannel

    init() throws {
        channel = EmbeddedChannel(handler: SlowReaderHandler(.seconds(60)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func answer() {
        channel.write(HTTPResponsePart.head(HTTPResponse(status: .ok)), promise: nil)
        channel.write(HTTPResponsePart.body(ByteBuffer(string: "page")), promise: nil)
        channel.write(HTTPResponsePart.end(nil), promise: nil)
    }

    @Test("An answer that nobody takes ends its connection when its time is over, and not before")
    func late() {
        answer()
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test("An answer whose end never comes counts from its beginning")
    func endless() {
        channel.write(HTTPResponsePart.head(HTTPResponse(status: .ok)), promise: nil)
        for _ in 0..<70 {
            channel.writeAndFlush(HTTPResponsePart.body(ByteBuffer(string: "x")), promise: nil)
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        #expect(!channel.isActive)
    }

    @Test("Each answer has its own time, and a connection between two of them any")
    func timely() {
        for _ in 0..<5 {
            answer()
            channel.embeddedEventLoop.advanceTime(by: .seconds(50))
            channel.flush()
            channel.embeddedEventLoop.advanceTime(by: .seconds(500))
        }
        #expect(channel.isActive)
        answer()
        channel.embeddedEventLoop.advanceTime(by: .seconds(61))
        #expect(!channel.isActive)
    }
}
