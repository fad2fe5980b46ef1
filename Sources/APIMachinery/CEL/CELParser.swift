/// Reads a rule. Macros are expanded and functions looked up here, so that running it asks nothing twice.
struct CELParser {
    /// As in cel-go: deeper expressions are refused.
    private static let depthLimit = 250
    /// A longer rule is refused.
    private static let tokenLimit = 20_000

    private let scalars: [Unicode.Scalar]
    private let tokens: [CELLexer.Placed]
    private var position = 0
    private var depth = 0
    private var scope: [String]
    /// The free variables that the expression reads.
    private(set) var usedVariables: Set<String> = []

    private init(_ text: String, variables: [String]) throws(CELSyntaxError) {
        scalars = Array(text.unicodeScalars)
        tokens = try CELLexer.tokens(text)
        guard tokens.count <= Self.tokenLimit else {
            throw CELSyntaxError("expression is longer than \(Self.tokenLimit) tokens", at: 0, in: scalars)
        }
        scope = variables
    }

    static func parse(
        _ text: String, variables: [String]
    ) throws(CELSyntaxError) -> (expression: CELExpression, usedVariables: Set<String>) {
        var parser = try CELParser(text, variables: variables)
        let expression = try parser.expression()
        guard parser.current == .end else { throw parser.unexpected() }
        return (expression, parser.usedVariables)
    }

    // MARK: - Tokens

    private var current: CELToken { tokens[position].token }
    private var offset: Int { tokens[position].offset }

    private func error(_ problem: String, at offset: Int) -> CELSyntaxError {
        CELSyntaxError(problem, at: offset, in: scalars)
    }

    private func unexpected() -> CELSyntaxError {
        let text: String =
            switch current {
            case .end: "<EOF>"
            case .identifier(let name), .quotedIdentifier(let name): "'\(name)'"
            case .symbol(let symbol): "'\(symbol)'"
            case .string(let string): GoText.quoted(string)
            default: "a literal"
            }
        return error("Syntax error: mismatched input \(text)", at: offset)
    }

    private mutating func accept(_ symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ symbol: String) throws(CELSyntaxError) {
        guard accept(symbol) else { throw unexpected() }
    }

    // MARK: - Operators, loosest first

    private mutating func expression() throws(CELSyntaxError) -> CELExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw error("expression recursion limit exceeded: \(Self.depthLimit)", at: offset)
        }
        let condition = try disjunction()
        guard accept("?") else { return condition }
        let yes = try disjunction()
        try expect(":")
        return .conditional(condition, yes, try expression())
    }

    private mutating func disjunction() throws(CELSyntaxError) -> CELExpression {
        var left = try conjunction()
        while accept("||") { left = .or(left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(CELSyntaxError) -> CELExpression {
        var left = try relation()
        while accept("&&") { left = .and(left, try relation()) }
        return left
    }

    private mutating func relation() throws(CELSyntaxError) -> CELExpression {
        var left = try sum()
        while let operation = binaryOperator(among: ["==", "!=", "<", "<=", ">", ">=", "in"]) {
            left = .binary(operation, left, try sum())
        }
        return left
    }

    private mutating func sum() throws(CELSyntaxError) -> CELExpression {
        var left = try product()
        while let operation = binaryOperator(among: ["+", "-"]) { left = .binary(operation, left, try product()) }
        return left
    }

    private mutating func product() throws(CELSyntaxError) -> CELExpression {
        var left = try unary()
        while let operation = binaryOperator(among: ["*", "/", "%"]) { left = .binary(operation, left, try unary()) }
        return left
    }

    private mutating func binaryOperator(among symbols: [String]) -> CELOperator? {
        let text: String
        switch current {
        case .symbol(let symbol): text = symbol
        case .identifier("in"): text = "in"
        default: return nil
        }
        guard symbols.contains(text), let operation = CELOperator(rawValue: text) else { return nil }
        position += 1
        return operation
    }

    private mutating func unary() throws(CELSyntaxError) -> CELExpression {
        var count = 0
        if current == .symbol("!") {
            while accept("!") { count += 1 }
            let operand = try member()
            return count % 2 == 0 ? .not(.not(operand)) : .not(operand)
        }
        while accept("-") { count += 1 }
        guard count > 0 else { return try member() }
        guard count % 2 == 1 else { return .negated(.negated(try member())) }
        // A minus sign belongs to the number behind it.
        switch current {
        case .int(let value): return try literal(.int(-value))
        case .leastInt: return try literal(.int(.min))
        case .double(let value): return try literal(.double(-value))
        default: return .negated(try member())
        }
    }

    private mutating func literal(_ value: CELValue) throws(CELSyntaxError) -> CELExpression {
        position += 1
        return try suffixes(of: .literal(value))
    }

    // MARK: - Members

    private mutating func member() throws(CELSyntaxError) -> CELExpression { try suffixes(of: try primary()) }

    private mutating func suffixes(of base: CELExpression) throws(CELSyntaxError) -> CELExpression {
        var base = base
        while true {
            if accept(".") {
                let isOptional = accept("?")
                let start = offset
                let name = try fieldName()
                if !isOptional, accept("(") {
                    base = try memberCall(name, on: base, at: start)
                } else {
                    base = .select(base, CELFieldName(name), isOptional: isOptional)
                }
            } else if accept("[") {
                let isOptional = accept("?")
                let index = try expression()
                try expect("]")
                base = .index(base, index, isOptional: isOptional)
            } else {
                return base
            }
        }
    }

    private mutating func fieldName() throws(CELSyntaxError) -> String {
        switch current {
        case .identifier(let name) where name != "in" && name != "true" && name != "false" && name != "null":
            position += 1
            return name
        case .quotedIdentifier(let name):
            position += 1
            // Stands for the property itself, so it must survive being unescaped.
            return CELNames.escaped(name) ?? name
        default: throw unexpected()
        }
    }

    private mutating func arguments() throws(CELSyntaxError) -> [CELExpression] {
        var arguments: [CELExpression] = []
        if accept(")") { return arguments }
        repeat { arguments.append(try expression()) } while accept(",")
        try expect(")")
        return arguments
    }

    private mutating func memberCall(
        _ name: String, on target: CELExpression, at start: Int
    ) throws(CELSyntaxError) -> CELExpression {
        // `optional.of(x)`: the target is a namespace, not a value.
        if case .variable(let namespace) = target, CELFunctions.namespaces.contains(namespace),
            !scope.contains(namespace)
        {
            let arguments = try arguments()
            guard let function = CELFunctions.global["\(namespace).\(name)"], function.accepts(arguments.count) else {
                throw error("undeclared reference to '\(namespace).\(name)' (in container '')", at: start)
            }
            return .call(function, arguments)
        }
        if let macro = try macro(name, on: target) { return macro }
        let arguments = try compilingPattern(name, [target] + (try arguments()), at: start)
        guard let function = CELFunctions.member[name] else {
            throw error("undeclared reference to '\(name)' (in container '')", at: start)
        }
        guard function.accepts(arguments.count) else {
            throw error("found no matching overload for '\(name)' with \(arguments.count - 1) arguments", at: start)
        }
        return .call(function, arguments)
    }

    /// A pattern that is written out is compiled once, and refused here when it is none.
    private func compilingPattern(
        _ name: String, _ arguments: [CELExpression], at start: Int
    ) throws(CELSyntaxError) -> [CELExpression] {
        guard ["matches", "find", "findAll"].contains(name), arguments.count >= 2,
            case .literal(.string(let pattern)) = arguments[1]
        else { return arguments }
        var arguments = arguments
        do throws(RegularExpressionError) {
            arguments[1] = .literal(.expression(try RegularExpression(pattern)))
        } catch let problem {
            throw error("invalid \(name) argument: \(problem)", at: start)
        }
        return arguments
    }

    // MARK: - Macros

    /// A macro, when `name(` starts one; the parser stands behind the parenthesis.
    private mutating func macro(
        _ name: String, on range: CELExpression
    ) throws(CELSyntaxError) -> CELExpression? {
        guard CELParser.macros.contains(name), case .identifier(let variable) = current,
            tokens[position + 1].token == .symbol(",")
        else { return nil }
        position += 2
        scope.append(variable)
        defer { scope.removeLast() }
        let mayTakeTwo = !["map", "filter", "sortBy", "optMap", "optFlatMap", "exists_one"].contains(name)
        if mayTakeTwo, case .identifier(let second) = current, tokens[position + 1].token == .symbol(",") {
            position += 2
            scope.append(second)
            defer { scope.removeLast() }
            return try comprehension(name, range, variable, second)
        }
        return try comprehension(name, range, variable, nil)
    }

    private static let macros: Set<String> = [
        "all", "exists", "exists_one", "existsOne", "filter", "map", "sortBy", "optMap", "optFlatMap",
        "transformList", "transformMap", "transformMapEntry",
    ]

    private mutating func comprehension(
        _ name: String, _ range: CELExpression, _ variable: String, _ second: String?
    ) throws(CELSyntaxError) -> CELExpression {
        var body = try expression()
        var condition: CELExpression?
        if ["map", "transformList", "transformMap", "transformMapEntry"].contains(name), accept(",") {
            condition = body
            body = try expression()
        }
        try expect(")")
        let kind: CELComprehension.Kind =
            switch name {
            case "all": .all
            case "exists": .exists
            case "exists_one", "existsOne": .existsOne
            case "filter": .filter
            case "sortBy": .sortBy
            case "optMap": .optionalMap
            case "optFlatMap": .optionalFlatMap
            case "transformMap": .transformMap(where: condition)
            case "transformMapEntry": .transformMapEntry(where: condition)
            default: .map(where: condition)
            }
        if second == nil, name.hasPrefix("transform") { throw error("argument must be a simple name", at: offset) }
        return .comprehension(
            CELComprehension(kind: kind, range: range, variable: variable, secondVariable: second, body: body))
    }

    // MARK: - Primaries

    private mutating func primary() throws(CELSyntaxError) -> CELExpression {
        let start = offset
        let token = current
        switch token {
        case .int(let value): return literal(value: .int(value))
        case .uint(let value): return literal(value: .uint(value))
        case .double(let value): return literal(value: .double(value))
        case .string(let text): return literal(value: .string(text))
        case .bytes(let bytes): return literal(value: .bytes(bytes))
        case .leastInt: throw error("Syntax error: invalid int literal", at: start)
        case .identifier("true"): return literal(value: .bool(true))
        case .identifier("false"): return literal(value: .bool(false))
        case .identifier("null"): return literal(value: .null)
        case .identifier(let name):
            position += 1
            return try identifier(name, at: start)
        case .symbol("."):
            position += 1
            guard case .identifier(let name) = current else { throw unexpected() }
            position += 1
            return try identifier(name, at: start)
        case .symbol("("):
            position += 1
            let inner = try expression()
            try expect(")")
            return inner
        case .symbol("["):
            position += 1
            return try list()
        case .symbol("{"):
            position += 1
            return try map()
        default: throw unexpected()
        }
    }

    private mutating func literal(value: CELValue) -> CELExpression {
        position += 1
        return .literal(value)
    }

    private mutating func identifier(_ name: String, at start: Int) throws(CELSyntaxError) -> CELExpression {
        if accept("(") {
            if name == "has" { return try presence(at: start) }
            let arguments = try compilingPattern(name, try arguments(), at: start)
            guard let function = CELFunctions.global[name] else {
                throw error("undeclared reference to '\(name)' (in container '')", at: start)
            }
            guard function.accepts(arguments.count) else {
                throw error("found no matching overload for '\(name)' with \(arguments.count) arguments", at: start)
            }
            return .call(function, arguments)
        }
        if scope.contains(name) {
            usedVariables.insert(name)
            return .variable(name)
        }
        if CELFunctions.namespaces.contains(name), current == .symbol(".") { return .variable(name) }
        if CELValue.typeNames.contains(name) { return .literal(.type(name)) }
        if CELNames.reserved.contains(name) { throw error("reserved identifier: \(name)", at: start) }
        throw error("undeclared reference to '\(name)' (in container '')", at: start)
    }

    private mutating func presence(at start: Int) throws(CELSyntaxError) -> CELExpression {
        let argument = try expression()
        try expect(")")
        guard case .select(let base, let field, isOptional: false) = argument else {
            throw error("invalid argument to has() macro", at: start)
        }
        return .test(base, field)
    }

    private mutating func list() throws(CELSyntaxError) -> CELExpression {
        var elements: [CELExpression.Element] = []
        while !accept("]") {
            let isOptional = accept("?")
            elements.append(.init(value: try expression(), isOptional: isOptional))
            if !accept(",") {
                try expect("]")
                break
            }
        }
        return .list(elements)
    }

    private mutating func map() throws(CELSyntaxError) -> CELExpression {
        var entries: [CELExpression.Entry] = []
        while !accept("}") {
            let isOptional = accept("?")
            let key = try expression()
            try expect(":")
            entries.append(.init(key: key, value: try expression(), isOptional: isOptional))
            if !accept(",") {
                try expect("}")
                break
            }
        }
        return .map(entries)
    }
}
