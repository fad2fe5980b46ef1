import CLibSSL

// Each owns one reference and gives it back with its own life. None leaves this module.

struct KeyHandle: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }
}

struct CertificateHandle: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { X509_free(pointer) }
}

struct RequestHandle: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { X509_REQ_free(pointer) }
}

struct BigNumberHandle: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { BN_free(pointer) }
}

/// A memory BIO that collects what the library writes. Its memory is wiped when freed, as keys pass through it.
struct OutputBuffer: ~Copyable {
    let pointer: OpaquePointer

    init() throws(PKIError) {
        guard let pointer = BIO_new(BIO_s_secmem()) else { throw .library("allocate a buffer") }
        self.pointer = pointer
    }

    deinit { BIO_free(pointer) }

    var bytes: [UInt8] {
        var start: UnsafeMutablePointer<CChar>?
        let length = kmj_bio_contents(pointer, &start)
        guard length > 0, let start else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: length))
    }
}
