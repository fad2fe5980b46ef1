/// A function of CEL's, or of Kubernetes' libraries for it.
struct CELFunction: Sendable {
    typealias Body = @Sendable ([CELValue]) throws(CELError) -> CELValue

    let name: String
    /// How many arguments it takes, a member function's target among them.
    let arity: ClosedRange<Int>
    let body: Body

    init(_ name: String, _ arity: ClosedRange<Int>, _ body: @escaping Body) {
        self.name = name
        self.arity = arity
        self.body = body
    }

    init(_ name: String, _ count: Int, _ body: @escaping Body) { self.init(name, count...count, body) }

    /// What calling it with these arguments costs. A search grows with both the text and the pattern.
    func cost(_ arguments: [CELValue]) -> Int {
        let reading = arguments.reduce(0) { $0 + $1.cost }
        guard ["matches", "find", "findAll"].contains(name), arguments.count > 1 else { return reading }
        let pattern =
            if case .expression(let expression) = arguments[1] { expression.pattern.utf8.count } else {
                arguments[1].size
            }
        return reading + arguments[0].size / 10 * (pattern / 4)
    }

    func accepts(_ count: Int) -> Bool { arity.contains(count) }
}

/// All functions, by name.
enum CELFunctions {
    /// `name(…)` and `namespace.name(…)`.
    static let global: [String: CELFunction] = table(
        CELConversions.functions + CELNetworks.functions + CELKubernetesTypes.functions + CELLists.functions
            + CELOptionals.functions + CELStrings.functions)

    /// `target.name(…)`.
    static let member: [String: CELFunction] = table(
        CELConversions.members + CELStrings.members + CELLists.members + CELNetworks.members
            + CELKubernetesTypes.members + CELOptionals.members + CELMoments.members)

    static let namespaces: Set<String> = Set(
        global.keys.compactMap { name in name.firstIndex(of: ".").map { String(name[..<$0]) } })

    /// One table of functions; those that share a name are tried in turn, for each knows the types it takes.
    private static func table(_ functions: [CELFunction]) -> [String: CELFunction] {
        var table: [String: CELFunction] = [:]
        for function in functions {
            guard let first = table[function.name] else {
                table[function.name] = function
                continue
            }
            let arity =
                min(
                    first.arity.lowerBound, function.arity.lowerBound)...max(
                    first.arity.upperBound, function.arity.upperBound)
            table[function.name] = CELFunction(function.name, arity) { arguments throws(CELError) in
                if first.accepts(arguments.count) {
                    do throws(CELError) {
                        return try first.body(arguments)
                    } catch {
                        guard error == .noSuchOverload else { throw error }
                    }
                }
                guard function.accepts(arguments.count) else { throw CELError.noSuchOverload }
                return try function.body(arguments)
            }
        }
        return table
    }
}
