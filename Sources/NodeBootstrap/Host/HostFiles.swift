import Glibc

/// The file system of the machine, beneath a root: `/`, or a folder that stands for it. Every call blocks: they are
/// made on a `WorkThread`.
package struct HostFiles: Sendable, Hashable {
    /// Without a slash at its end; empty for `/`.
    package let root: String

    /// No file that we read is anywhere near it.
    package static let limit = 16 * 1024 * 1024

    package init(root: String = "/") {
        var root = root
        while root.hasSuffix("/") { root.removeLast() }
        self.root = root
    }

    /// Where `path` really is.
    package func place(_ path: String) -> String { root + path }

    /// Tells one file from every other that exists at the same time.
    package struct FileID: Sendable, Hashable {
        package var device: UInt64
        package var inode: UInt64
    }

    package struct Attributes: Sendable, Hashable {
        package enum Kind: Sendable, Hashable { case file, directory, link, other }
        package var kind: Kind
        /// Permissions alone.
        package var mode: UInt32
        package var uid: UInt32
        package var gid: UInt32
        package var size: Int64
        package var file: FileID
        package var device: UInt64 { file.device }
    }

    /// Of the path itself, not of what a link points to; nil when there is nothing.
    package func attributes(_ path: String) throws(HostError) -> Attributes? {
        var status = stat()
        return try attributes(path, lstat(place(path), &status), status)
    }

    /// Of what is there after all links were followed.
    package func attributesFollowingLinks(_ path: String) throws(HostError) -> Attributes? {
        var status = stat()
        return try attributes(path, stat(place(path), &status), status)
    }

    private func attributes(_ path: String, _ code: Int32, _ status: stat) throws(HostError) -> Attributes? {
        guard code == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw HostError("look at", path, errno) }
            return nil
        }
        let kind: Attributes.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        return Attributes(
            kind: kind, mode: status.st_mode & 0o7777, uid: status.st_uid, gid: status.st_gid,
            size: Int64(status.st_size),
            file: FileID(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)))
    }

    package func exists(_ path: String) -> Bool { access(place(path), F_OK) == 0 }

    /// The content; nil when there is no such file. More than `limit` bytes are refused.
    package func read(_ path: String) throws(HostError) -> [UInt8]? {
        let descriptor = open(place(path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw HostError("read", path, errno) }
            return nil
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw HostError("read", path, errno)
            }
            if count == 0 { return content }
            content += buffer[..<count]
            guard content.count <= Self.limit else { throw HostError("read", path, EFBIG) }
        }
    }

    package func text(_ path: String) throws(HostError) -> String? {
        try read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes so that whoever looks sees the old content or the new, also after the power went: into a file beside it,
    /// synced, renamed over it, the folder synced. The folder is there already.
    package func write(_ file: NodeFile, owner: (uid: UInt32, gid: UInt32)? = nil) throws(HostError) {
        let target = place(file.path)
        let temporary = target + Self.temporarySuffix
        // What an interrupted write left.
        unlink(temporary)
        // The final mode from the start: nobody may look into a secret meanwhile.
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode_t(file.mode))
        guard descriptor >= 0 else { throw HostError("write", file.path, errno) }
        do throws(HostError) {
            defer { close(descriptor) }
            guard fchmod(descriptor, mode_t(file.mode)) == 0 else {
                throw HostError("set the mode of", file.path, errno)
            }
            if let owner, fchown(descriptor, owner.uid, owner.gid) != 0 {
                throw HostError("set the owner of", file.path, errno)
            }
            try Self.writeAll(file.content, to: descriptor, file.path)
            guard fsync(descriptor) == 0 else { throw HostError("sync", file.path, errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, target) == 0 else {
            let code = errno
            unlink(temporary)
            throw HostError("put in place", file.path, code)
        }
        try syncFolder(of: file.path)
    }

    package static let temporarySuffix = ".kamaji-new"

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(HostError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                buffer.baseAddress.map { Glibc.write(descriptor, $0 + written, buffer.count - written) } ?? 0
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw HostError("write", path, errno)
            }
            written += count
        }
    }

    private func syncFolder(of path: String) throws(HostError) {
        let folder = Self.folder(of: path)
        let descriptor = open(place(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw HostError("open", folder, errno) }
        defer { close(descriptor) }
        // Some file systems cannot sync a folder, and keep its order anyhow.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
            throw HostError("sync", folder, errno)
        }
    }

    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// The folders that are missing on the way to `path` and it itself, outermost first.
    package func missingFolders(_ path: String) -> [String] {
        var missing: [String] = []
        var at = path
        while at != "/", !exists(at) {
            missing.append(at)
            at = Self.folder(of: at)
        }
        return missing.reversed()
    }

    /// Makes one folder; one that is there is left as it is.
    package func makeFolder(_ path: String, mode: UInt32) throws(HostError) {
        guard mkdir(place(path), mode_t(mode)) == 0 else {
            guard errno == EEXIST else { throw HostError("make the folder", path, errno) }
            return
        }
        // umask has had its say.
        guard chmod(place(path), mode_t(mode)) == 0 else { throw HostError("set the mode of", path, errno) }
        try syncFolder(of: path)
    }

    /// Removes a file or a link; nothing there is fine.
    package func remove(_ path: String) throws(HostError) {
        guard unlink(place(path)) == 0 || errno == ENOENT || errno == ENOTDIR else {
            throw HostError("remove", path, errno)
        }
    }

    /// Removes a folder if it is empty; whether it is gone.
    @discardableResult
    package func removeFolderIfEmpty(_ path: String) throws(HostError) -> Bool {
        if rmdir(place(path)) == 0 || errno == ENOENT { return true }
        guard errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY || errno == ENOTDIR else {
            throw HostError("remove the folder", path, errno)
        }
        return false
    }

    package func move(_ path: String, to other: String) throws(HostError) {
        guard rename(place(path), place(other)) == 0 else { throw HostError("move", path, errno) }
        try syncFolder(of: other)
    }

    /// Where the symbolic link leads, as it is written there; nil when there is no link.
    package func linkTarget(_ path: String) throws(HostError) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(place(path), &buffer, buffer.count)
        guard count >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR || errno == EINVAL else { throw HostError("read", path, errno) }
            return nil
        }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Makes `path` a symbolic link to `target`, in place of what was there, at one stroke.
    package func link(
        _ path: String, to target: String, owner: (uid: UInt32, gid: UInt32)? = nil
    ) throws(HostError) {
        let temporary = place(path) + Self.temporarySuffix
        unlink(temporary)
        guard symlink(target, temporary) == 0 else { throw HostError("link", path, errno) }
        if let owner, lchown(temporary, owner.uid, owner.gid) != 0 {
            let code = errno
            unlink(temporary)
            throw HostError("set the owner of", path, code)
        }
        guard rename(temporary, place(path)) == 0 else { throw HostError("put in place", path, errno) }
        try syncFolder(of: path)
    }

    /// Names in a folder, sorted; empty when it is not there.
    package func names(in path: String) throws(HostError) -> [String] {
        guard let folder = opendir(place(path)) else {
            guard errno == ENOENT || errno == ENOTDIR else { throw HostError("list", path, errno) }
            return []
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Everything beneath a folder, deepest first, and not across mounts; paths with their attributes.
    package func walk(_ path: String) throws(HostError) -> [(path: String, attributes: Attributes)] {
        guard let top = try attributes(path), top.kind == .directory else { return [] }
        return try walk(path, device: top.device)
    }

    private func walk(_ path: String, device: UInt64) throws(HostError) -> [(path: String, attributes: Attributes)] {
        var found: [(path: String, attributes: Attributes)] = []
        for name in try names(in: path) {
            let child = path == "/" ? "/\(name)" : "\(path)/\(name)"
            guard let attributes = try attributes(child) else { continue }
            if attributes.kind == .directory, attributes.device == device {
                found += try walk(child, device: device)
            }
            found.append((child, attributes))
        }
        return found
    }
}
