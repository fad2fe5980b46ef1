import KubeObjects

/// One run of one rule.
struct CELEvaluation {
    /// Innermost last. Rules have few variables; a search from the end beats a dictionary.
    private var variables: [(name: String, value: CELValue)]
    /// Roughly cel-go's units: one for each step, more for work that grows with what it works on.
    private(set) var cost = 0
    private let costLimit: Int
    /// How many expressions are being evaluated inside one another: a long chain of operators nests too, and the stack
    /// is not endless.
    private var depth = 0
    private static let depthLimit = 500

    init(variables: [(name: String, value: CELValue)], costLimit: Int) {
        self.variables = variables
        self.costLimit = costLimit
    }

    mutating func charge(_ amount: Int) throws(CELError) {
        cost += amount
        if cost > costLimit { throw CELError.costLimit }
    }

    mutating func evaluate(_ expression: CELExpression) throws(CELError) -> CELValue {
        try charge(1)
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw CELError("expression nests more than \(Self.depthLimit) levels deep")
        }
        switch expression {
        case .literal(let value): return value
        case .variable(let name):
            guard let found = variables.last(where: { $0.name == name }) else {
                throw CELError("no such attribute(s): \(name)")
            }
            return found.value
        case .select(let base, let field, let isOptional):
            return try CELAccess.select(field, from: try evaluate(base), isOptional: isOptional)
        case .test(let base, let field): return .bool(try CELAccess.has(field, in: try evaluate(base)))
        case .index(let base, let index, let isOptional):
            let base = try evaluate(base)
            return try CELAccess.index(try evaluate(index), in: base, isOptional: isOptional)
        case .call(let function, let arguments):
            var values: [CELValue] = []
            values.reserveCapacity(arguments.count)
            for argument in arguments { values.append(try evaluate(argument)) }
            try charge(function.cost(values))
            let result = try function.body(values)
            try charge(result.cost)
            return result
        case .not(let operand):
            guard case .bool(let flag) = try evaluate(operand) else { throw CELError.noSuchOverload }
            return .bool(!flag)
        case .negated(let operand): return try CELArithmetic.negate(try evaluate(operand))
        case .and(let left, let right): return try junction(left, right, deciding: false)
        case .or(let left, let right): return try junction(left, right, deciding: true)
        case .conditional(let condition, let yes, let no):
            guard case .bool(let flag) = try evaluate(condition) else { throw CELError.noSuchOverload }
            return try evaluate(flag ? yes : no)
        case .binary(let operation, let left, let right):
            let left = try evaluate(left)
            let right = try evaluate(right)
            try charge(left.cost + right.cost)
            return try CELArithmetic.apply(operation, left, right)
        case .list(let elements): return try list(elements)
        case .map(let entries): return try map(entries)
        case .comprehension(let comprehension): return try evaluate(comprehension)
        }
    }

    /// `&&` (deciding on false) and `||` (deciding on true): either side decides, even when the other fails.
    private mutating func junction(
        _ left: CELExpression, _ right: CELExpression, deciding: Bool
    ) throws(CELError) -> CELValue {
        let leftResult = try condition(left)
        if case .success(deciding) = leftResult { return .bool(deciding) }
        let rightResult = try condition(right)
        if case .success(deciding) = rightResult { return .bool(deciding) }
        _ = try leftResult.get()
        _ = try rightResult.get()
        return .bool(!deciding)
    }

    /// A condition whose failure may be absorbed. The cost limit may not.
    private mutating func condition(_ expression: CELExpression) throws(CELError) -> Result<Bool, CELError> {
        let depth = variables.count
        do throws(CELError) {
            guard case .bool(let flag) = try evaluate(expression) else { return .failure(.noSuchOverload) }
            return .success(flag)
        } catch {
            guard !error.isCostLimit else { throw error }
            variables.removeSubrange(depth...)
            return .failure(error)
        }
    }

    private mutating func list(_ elements: [CELExpression.Element]) throws(CELError) -> CELValue {
        var items: [CELValue] = []
        items.reserveCapacity(elements.count)
        for element in elements {
            let value = try evaluate(element.value)
            if !element.isOptional {
                items.append(value)
            } else if case .optional(let content) = value {
                if let content { items.append(content) }
            } else {
                throw CELError("cannot initialize optional list element from non-optional value \(value.typeName)")
            }
        }
        return .list(items)
    }

    private mutating func map(_ entries: [CELExpression.Entry]) throws(CELError) -> CELValue {
        var map = CELMap()
        for entry in entries {
            let key = try evaluate(entry.key)
            let value = try evaluate(entry.value)
            if !entry.isOptional {
                try map.set(value, for: key)
            } else if case .optional(let content) = value {
                if let content { try map.set(content, for: key) }
            } else {
                throw CELError("cannot initialize optional entry '\(key.text ?? "")' from non-optional value")
            }
        }
        return .map(map)
    }

    // MARK: - Macros

    private mutating func with<Result>(
        _ bindings: [(name: String, value: CELValue)], _ body: (inout CELEvaluation) throws(CELError) -> Result
    ) throws(CELError) -> Result {
        let depth = variables.count
        variables += bindings
        do throws(CELError) {
            let result = try body(&self)
            variables.removeSubrange(depth...)
            return result
        } catch {
            variables.removeSubrange(min(depth, variables.count)...)
            throw error
        }
    }

    /// What the macro's variables are bound to at each turn.
    private func turns(
        _ comprehension: CELComprehension, over range: CELValue
    ) throws(CELError) -> [[(name: String, value: CELValue)]] {
        guard let elements = try range.elements() else { throw CELError.noSuchOverload }
        var turns: [[(name: String, value: CELValue)]] = []
        turns.reserveCapacity(elements.count)
        let isMap = range.isMap
        for (index, element) in elements.enumerated() {
            guard let second = comprehension.secondVariable else {
                turns.append([(comprehension.variable, element)])
                continue
            }
            if isMap {
                guard let value = try range.lookUp(element) else { continue }
                turns.append([(comprehension.variable, element), (second, value)])
            } else {
                turns.append([(comprehension.variable, .int(Int64(index))), (second, element)])
            }
        }
        return turns
    }

    private mutating func evaluate(_ comprehension: CELComprehension) throws(CELError) -> CELValue {
        let range = try evaluate(comprehension.range)
        switch comprehension.kind {
        case .optionalMap, .optionalFlatMap:
            guard case .optional(let content) = range else { throw CELError.noSuchOverload }
            guard let content else { return .none }
            let value = try with([(comprehension.variable, content)]) { run throws(CELError) in
                try run.evaluate(comprehension.body)
            }
            if case .optionalFlatMap = comprehension.kind { return value }
            return .optional(value)
        default: break
        }
        let turns = try turns(comprehension, over: range)
        switch comprehension.kind {
        case .all: return try quantify(turns, comprehension.body, deciding: false)
        case .exists: return try quantify(turns, comprehension.body, deciding: true)
        case .existsOne:
            var count = 0
            for turn in turns where try holds(comprehension.body, turn) { count += 1 }
            return .bool(count == 1)
        case .filter:
            var kept: [CELValue] = []
            for turn in turns where try holds(comprehension.body, turn) { kept.append(turn[0].value) }
            return .list(kept)
        case .map(let condition):
            var mapped: [CELValue] = []
            try forEach(turns, where: condition) { run throws(CELError) in
                mapped.append(try run.evaluate(comprehension.body))
            }
            return .list(mapped)
        case .transformMap(let condition):
            var mapped = CELMap()
            for turn in turns {
                try forEach([turn], where: condition) { run throws(CELError) in
                    try mapped.insert(try run.evaluate(comprehension.body), for: turn[0].value)
                }
            }
            return .map(mapped)
        case .transformMapEntry(let condition):
            var mapped = CELMap()
            try forEach(turns, where: condition) { run throws(CELError) in
                guard case .map(let entries) = try run.evaluate(comprehension.body) else {
                    throw CELError.noSuchOverload
                }
                for key in entries.keys {
                    if let value = entries[key] { try mapped.insert(value, for: key) }
                }
            }
            return .map(mapped)
        case .sortBy: return try sort(turns, comprehension.body)
        case .optionalMap, .optionalFlatMap: return range
        }
    }

    private mutating func forEach(
        _ turns: [[(name: String, value: CELValue)]], where condition: CELExpression?,
        _ body: (inout CELEvaluation) throws(CELError) -> Void
    ) throws(CELError) {
        for turn in turns {
            try with(turn) { run throws(CELError) in
                if let condition {
                    guard case .bool(let isWanted) = try run.evaluate(condition) else { throw CELError.noSuchOverload }
                    if !isWanted { return }
                }
                try body(&run)
            }
        }
    }

    private mutating func holds(
        _ body: CELExpression, _ turn: [(name: String, value: CELValue)]
    ) throws(CELError) -> Bool {
        try with(turn) { run throws(CELError) in
            guard case .bool(let flag) = try run.evaluate(body) else { throw CELError.noSuchOverload }
            return flag
        }
    }

    /// `all` (deciding on false) and `exists` (deciding on true): a turn that decides makes failures of others moot.
    private mutating func quantify(
        _ turns: [[(name: String, value: CELValue)]], _ body: CELExpression, deciding: Bool
    ) throws(CELError) -> CELValue {
        var failure: CELError?
        for turn in turns {
            let result = try with(turn) { run throws(CELError) in try run.condition(body) }
            switch result {
            case .success(deciding): return .bool(deciding)
            case .success: continue
            case .failure(let error): failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!deciding)
    }

    private mutating func sort(
        _ turns: [[(name: String, value: CELValue)]], _ body: CELExpression
    ) throws(CELError) -> CELValue {
        var keys: [CELValue] = []
        for turn in turns {
            keys.append(try with(turn) { run throws(CELError) in try run.evaluate(body) })
        }
        try charge(keys.count)
        let order = try CELLists.sortedIndices(keys)
        return .list(order.map { turns[$0][0].value })
    }
}

extension CELValue {
    /// How much there is of the value, for what working on it costs.
    var size: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .list(let items): items.count
        case .array(let items, _): items.count
        case .map(let map): map.count
        case .object(let object): object.count
        default: 0
        }
    }

    /// What looking at all of the value costs.
    var cost: Int {
        switch self {
        case .string, .bytes: size / 10
        default: size
        }
    }

    var isMap: Bool {
        switch self {
        case .map, .object: true
        default: false
        }
    }
}
