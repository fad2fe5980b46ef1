import FoundationEssentials
import Glibc
import KubeObjects

/// The volumes of pods as directories of this machine.
///
/// Paths are short (a socket's may have 107 bytes): `<directory>/v/<12 digits of the pod's uid>/<volume's number>`.
struct VolumeStore: Sendable {
    let root: String
    let thread: RuntimeThread

    init(directory: String, thread: RuntimeThread) {
        root = "\(directory)/v"
        self.thread = thread
    }

    func podDirectory(_ uid: String) -> String { "\(root)/\(Self.shortName(uid))" }

    static func shortName(_ uid: String) -> String {
        String(uid.filter { $0 != "-" && $0 != "/" && $0 != "." }.prefix(12))
    }

    /// Makes the volumes of `pod` what they should be, and tells where each is. What is right already is not touched;
    /// files that no longer belong are removed. Each file appears whole, with mode 0600.
    ///
    /// - Parameter isBeginning: no process of the pod runs yet: volumes in memory begin empty.
    /// - Throws: `MissingContent`, or the system's error.
    func materialise(
        _ pod: KubeObject, podIP: String, _ sources: ContentSources, isBeginning: Bool
    ) async throws -> [String: String] {
        let volumes = pod[path: "spec", "volumes"]?.array ?? []
        let home = podDirectory(pod.uid)
        var contents: [(place: String, content: VolumeContent)] = []
        var places: [String: String] = [:]
        for (index, volume) in volumes.enumerated() {
            let content = try VolumeContent(volume, sources)
            var place = "\(home)/\(index)"
            if case .host(let path, _) = content { place = path }
            contents.append((place, content))
            places[volume["name"]?.string ?? ""] = place
        }
        let containers = PodStatus.allContainers(of: pod)
        for (index, volume) in volumes.enumerated() {
            guard case .files(let files) = contents[index].content else { continue }
            let reader = containers.first { container in
                (container["volumeMounts"]?.array ?? []).contains { $0["name"] == volume["name"] }
            }
            let mapping = reader.map { PathMapping(container: $0, volumes: places) }
            contents[index].content = .files(
                files.mapValues { ContentRewriting.rewrite($0, podIP: podIP, mapping: mapping) })
        }
        let wanted = contents
        try await thread.run {
            try Files.makeDirectory(home)
            for (place, content) in wanted {
                if isBeginning, content == .scratch(inMemory: true) {
                    try? FileManager.default.removeItem(atPath: place)
                }
                try Self.write(content, at: place)
            }
        }
        return places
    }

    private static func write(_ content: VolumeContent, at place: String) throws {
        switch content {
        case .host(let path, let create): if create { try Files.makeDirectory(path) }
        case .scratch: try Files.makeDirectory(place)
        case .files(let files):
            try Files.makeDirectory(place)
            for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
                let file = "\(place)/\(path)"
                if let slash = file.lastIndex(of: "/") { try Files.makeDirectory(String(file[..<slash])) }
                if FileManager.default.contents(atPath: file).map(Array.init) != bytes {
                    try Files.write(bytes, to: file)
                }
            }
            for path in try FileManager.default.subpathsOfDirectory(atPath: place) where files[path] == nil {
                let isParent = files.keys.contains { $0.hasPrefix(path + "/") }
                if !isParent { try? FileManager.default.removeItem(atPath: "\(place)/\(path)") }
            }
        }
    }

    /// Removes everything of a pod.
    func remove(_ uid: String) async {
        let home = podDirectory(uid)
        _ = try? await thread.run { try FileManager.default.removeItem(atPath: home) }
    }

    /// Removes what is left of pods that no longer are.
    func removeAll(except uids: Set<String>) async {
        let kept = Set(uids.map(Self.shortName))
        let root = root
        _ = try? await thread.run {
            for name in try FileManager.default.contentsOfDirectory(atPath: root) where !kept.contains(name) {
                try? FileManager.default.removeItem(atPath: "\(root)/\(name)")
            }
        }
    }
}

/// Files that only this user reads.
enum Files {
    static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    /// With its parents; what is there already stays.
    static func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Writes to a temporary name beside the file, then renames: nobody sees half a file.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = "\(path).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError(path: temporary, code: errno) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0 {
                let code = errno
                if code == EINTR { continue }
                _ = Glibc.close(descriptor)
                unlink(temporary)
                throw FileError(path: temporary, code: code)
            }
            written += count
        }
        guard Glibc.close(descriptor) == 0, rename(temporary, path) == 0 else {
            throw FileError(path: path, code: errno)
        }
    }
}

/// The system refused something about a file.
struct FileError: Error, CustomStringConvertible {
    let path: String
    let code: Int32

    var description: String { "\(path): \(String(cString: strerror(code)))" }
}
