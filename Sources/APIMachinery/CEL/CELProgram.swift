/// A rule, read and ready to run any number of times.
struct CELProgram: Sendable {
    /// What one run may cost, as in Kubernetes.
    static let costLimit = 1_000_000

    private let expression: CELExpression
    /// Whether it reads `oldSelf`.
    let usesOldSelf: Bool

    /// Reads a rule over `self` and `oldSelf`.
    init(_ text: String) throws(CELSyntaxError) {
        let parsed = try CELParser.parse(text, variables: ["self", "oldSelf"])
        expression = parsed.expression
        usesOldSelf = parsed.usedVariables.contains("oldSelf")
    }

    /// The rule's value and what finding it cost; the cost is known even when the rule fails.
    func run(
        self value: CELValue, oldSelf: CELValue?, costLimit: Int = Self.costLimit
    ) -> (result: Result<CELValue, CELError>, cost: Int) {
        var variables: [(name: String, value: CELValue)] = [("self", value)]
        if let oldSelf { variables.append(("oldSelf", oldSelf)) }
        var evaluation = CELEvaluation(variables: variables, costLimit: costLimit)
        do throws(CELError) {
            return (.success(try evaluation.evaluate(expression)), evaluation.cost)
        } catch {
            return (.failure(error), evaluation.cost)
        }
    }
}
