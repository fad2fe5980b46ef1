/// Why bytes from the other side are not what the protocol says they are. A peer that sends such bytes is not
/// understood any further: the connection ends with this as its reason.
package struct WireError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable, CaseIterable {
        /// The bytes end inside a field.
        case truncated
        /// A varint of more than ten bytes, or of more than 64 bits.
        case overlongVarint
        /// Field number 0, or one past 2^29 - 1.
        case illegalField
        /// A known field in another wire type than its own.
        case wrongWireType
        /// A wire type that proto3 does not have: groups, 6 and 7.
        case unsupportedWireType
        /// A `string` field whose bytes are not UTF-8.
        case notUTF8
        /// The packet's type says one thing, its payload is another.
        case payloadMismatch
        /// The packet's type wants a payload and there is none.
        case missingPayload
        /// The message's compression flag is set, though none was agreed on.
        case compressed
        /// The message's compression flag is neither 0 nor 1.
        case illegalFlag
        /// The message is longer than what is taken.
        case oversized
    }

    package let code: Code
    /// Names the field and the value.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
