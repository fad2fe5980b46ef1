import Testing

@testable import NodeBootstrap

@Suite struct FileMappingsTests {
    @Test func `what is of files and unchanged is let go, and nothing else`() {
        func mapping(_ head: String, anonymous: Int) -> String {
            "\(head)\nSize:                 64 kB\nRss:                  64 kB\nAnonymous:           \(anonymous) kB\nVmFlags: rd mr\n"
        }
        let text = [
            mapping("1000-2000 r-xp 00000000 fe:00 12 /usr/bin/kamaji-agent", anonymous: 0),
            // Addresses that were filled in at the start.
            mapping("2000-3000 r--p 00001000 fe:00 12 /usr/bin/kamaji-agent", anonymous: 4),
            mapping("3000-4000 rw-p 00002000 fe:00 12 /usr/bin/kamaji-agent", anonymous: 0),
            mapping("4000-5000 r--p 00000000 fe:00 13 /usr/lib/x86_64-linux-gnu/libc.so.6", anonymous: 0),
            mapping("5000-6000 r--s 00000000 fe:00 14 /usr/share/x", anonymous: 0),
            mapping("6000-7000 r-xp 00000000 00:00 0 [vdso]", anonymous: 0),
            mapping("7000-8000 r--p 00000000 00:00 0 ", anonymous: 0),
        ].joined()
        #expect(FileMappings(smaps: text).unchanged == [0x1000..<0x2000, 0x4000..<0x5000])
    }

    @Test(arguments: ["", "Anonymous: 0 kB", "2000-1000 r-xp 0 fe:00 1 /x\nAnonymous: 0 kB", "x-y r-xp 0 0 0 /x"])
    func `text of another form names nothing`(text: String) {
        #expect(FileMappings(smaps: text).unchanged.isEmpty)
    }

    @Test func `a process that has let go goes on`() throws {
        try FileMappings.release()
        #expect(HostNetwork.hostName.isEmpty == false)
    }
}
