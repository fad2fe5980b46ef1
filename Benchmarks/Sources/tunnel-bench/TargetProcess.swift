import ArgumentParser
import Glibc

/// What is dialled: four servers, each with a thread for every connection. Prints their ports.
struct TargetProcess: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "target", abstract: "Run the targets of the dials.")

    /// In the order of the ports that are printed.
    enum Kind: Int, CaseIterable {
        /// Sends back what comes.
        case echo
        /// Sends as many bytes as the first eight that came say, and closes.
        case source
        /// Takes as many bytes as the first eight say, and then says one.
        case sink
        /// Reads nothing.
        case stalled
    }

    func run() throws {
        var ports: [String] = []
        for kind in Kind.allCases {
            let (descriptor, port) = try Socket.listening()
            ports.append("\(port)")
            detach {
                while case let accepted = accept(descriptor, nil, nil), accepted >= 0 {
                    detach { Self.serve(Socket(descriptor: accepted), kind) }
                }
            }
        }
        print(ports.joined(separator: " "))
        fflush(nil)
        while true { pause() }
    }

    private static func serve(_ socket: Socket, _ kind: Kind) {
        defer { if kind != .stalled { socket.close() } }
        var buffer = [UInt8](repeating: 0, count: 65536)
        switch kind {
        case .echo:
            while case let count = socket.read(&buffer), count > 0 {
                guard socket.write(buffer[..<count]) else { return }
            }
        case .source:
            guard var left = socket.readNumber() else { return }
            while left > 0 {
                let count = min(left, buffer.count)
                guard socket.write(buffer[..<count]) else { return }
                left -= count
            }
        case .sink:
            guard var left = socket.readNumber() else { return }
            while left > 0, case let count = socket.read(&buffer), count > 0 { left -= count }
            _ = socket.write([1])
        case .stalled: break
        }
    }
}
