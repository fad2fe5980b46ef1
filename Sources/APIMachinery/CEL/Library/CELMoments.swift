/// The parts of timestamps and durations.
enum CELMoments {
    static let members: [CELFunction] = [
        part("getFullYear", \.year),
        part("getMonth") { $0.month - 1 },
        part("getDayOfYear", \.dayOfYear),
        part("getDayOfMonth") { $0.day - 1 },
        part("getDate", \.day),
        part("getDayOfWeek", \.dayOfWeek),
        part("getHours", of: 3_600_000_000_000, \.hour),
        part("getMinutes", of: 60_000_000_000, \.minute),
        part("getSeconds", of: 1_000_000_000, \.second),
        CELFunction("getMilliseconds", 1...2) { arguments throws(CELError) in
            switch arguments[0] {
            case .timestamp(let moment): return .int(moment.nanoseconds / 1_000_000)
            case .duration(let span): return .int(span.nanoseconds / 1_000_000)
            default: throw CELError.noSuchOverload
            }
        },
    ]

    /// A part of a timestamp in UTC or at an offset, or, with `unit`, of a duration in whole units.
    private static func part(
        _ name: String, of unit: Int64? = nil, _ value: @escaping @Sendable (CELTimestamp.Calendar) -> Int
    ) -> CELFunction {
        CELFunction(name, 1...2) { arguments throws(CELError) in
            switch arguments[0] {
            case .timestamp(let moment):
                return .int(Int64(value(moment.calendar(offset: try offset(arguments)))))
            case .duration(let span):
                guard let unit, arguments.count == 1 else { throw CELError.noSuchOverload }
                return .int(span.nanoseconds / unit)
            default: throw CELError.noSuchOverload
            }
        }
    }

    /// Zones are offsets from UTC; names of places would need a time zone database, which a pure function has not.
    private static func offset(_ arguments: [CELValue]) throws(CELError) -> Int64 {
        guard arguments.count > 1 else { return 0 }
        let zone = try CELStrings.string(arguments, 1)
        let signed = zone.first.map { $0.isNumber } == true ? "+\(zone)" : zone
        guard let offset = CELTimestamp.offset(signed) else { throw CELError("unknown time zone \(zone)") }
        return offset
    }
}
