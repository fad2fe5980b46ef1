import Glibc

/// Removing beneath a folder whose contents others may change meanwhile: a pod that still ran when its volume was listed
/// must not lead us out of it by a link.
extension HostFiles {
    /// Removes a file or a link beneath `folder`, following no link on the way from there; nothing there is fine.
    /// - Parameter path: begins with `folder` and a slash.
    /// - Throws: `HostError`, with ENOTDIR where a link or a file has taken a folder's place.
    package func remove(_ path: String, beneath folder: String) throws(HostError) {
        guard let parent = try parent(of: path, beneath: folder) else { return }
        defer { close(parent.descriptor) }
        guard unlinkat(parent.descriptor, parent.name, 0) == 0 || errno == ENOENT else {
            throw HostError("remove", path, errno)
        }
    }

    /// Removes a folder beneath `folder` if it is empty, following no link on the way; whether it is gone.
    @discardableResult
    package func removeFolderIfEmpty(_ path: String, beneath folder: String) throws(HostError) -> Bool {
        guard let parent = try parent(of: path, beneath: folder) else { return true }
        defer { close(parent.descriptor) }
        if unlinkat(parent.descriptor, parent.name, AT_REMOVEDIR) == 0 || errno == ENOENT { return true }
        guard errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY || errno == ENOTDIR else {
            throw HostError("remove the folder", path, errno)
        }
        return false
    }

    /// The open folder that holds `path`, and its name there; nil when a folder on the way is gone. `folder` itself may
    /// be a link, which is its administrator's doing.
    private func parent(
        of path: String, beneath folder: String
    ) throws(HostError) -> (descriptor: Int32, name: String)? {
        var names = path.dropFirst(folder.count).split(separator: "/").map(String.init)
        guard path.hasPrefix(folder + "/"), let name = names.popLast(), !names.contains("..") else {
            throw HostError("find beneath \(folder)", path, EINVAL)
        }
        var descriptor = open(place(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for component in names where descriptor >= 0 {
            let next = openat(descriptor, component, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let code = errno
            close(descriptor)
            errno = code
            descriptor = next
        }
        if descriptor >= 0 { return (descriptor, name) }
        guard errno == ENOENT else { throw HostError("reach", path, errno) }
        return nil
    }
}
