import FoundationEssentials
import KubeClient
import KubeObjects

/// A token of the service account that the tunnel's server asks for (authentication.k8s.io/v1, TokenRequest).
package struct TunnelToken: Sendable {
    package let text: String
    /// By the tenant's clock.
    package let end: Date?
    /// How long it is good from when it was given. Counted here by a clock that nobody sets: a machine whose calendar is
    /// wrong has a tunnel all the same.
    package let lifetime: Duration

    static let account = ObjectKey(namespace: "kube-system", name: "konnectivity-agent")
    /// What the tenant's server takes for its own name; upstream's agents have tokens for it too.
    static let audience = "system:konnectivity-server"
    /// What is asked for, and taken for granted where the answer does not say.
    static let wantedLifetime: Int64 = 3600

    package static var request: KubeObject {
        KubeObject([
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": ["audiences": [.string(audience)], "expirationSeconds": .integer(wantedLifetime)],
        ])
    }

    /// Nil when the answer holds no token.
    package init?(answer: KubeObject) {
        guard let text = answer[path: "status", "token"]?.string, !text.isEmpty else { return nil }
        self.text = text
        end = answer[path: "status", "expirationTimestamp"]?.string.flatMap(Timestamp.parse)
        let seconds = answer[path: "spec", "expirationSeconds"]?.integer ?? Self.wantedLifetime
        lifetime = .seconds(min(max(seconds, 60), 86_400))
    }

    /// - Parameter client: as the agent, which may ask for this account's.
    package static func ask(_ client: KubeClient) async throws -> TunnelToken {
        let answer = try await client.create(request, subresource: "token", of: .serviceAccounts, account)
        guard let token = TunnelToken(answer: answer) else {
            throw TunnelTokenError(description: "the tenant's answer to a TokenRequest for \(account) has no token")
        }
        return token
    }
}

extension TunnelToken: CustomStringConvertible, CustomReflectable {
    package var description: String { "TunnelToken(until \(end.map(Timestamp.format) ?? "?"))" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

package struct TunnelTokenError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}

/// Keeps one token that is good, and gets the next one well before it ends: a tenant whose API is away for a while does
/// not keep the tunnel from coming back.
package actor TunnelTokens {
    private let ask: @Sendable () async throws -> TunnelToken
    private let elapsed: @Sendable () -> Duration
    /// Of the renewal window; every node has its own place in it.
    private let place: Double
    private var held: (token: TunnelToken, since: Duration)?
    private var generation = 0
    /// Of the token that is held: from when on it is not to be used any more, for a server refused it.
    private var refused: Duration?
    private var refusals: (count: Int, last: Duration) = (0, .zero)

    /// Between two tokens that are refused one after the other, after the first.
    private static let firstPause = Duration.seconds(10)
    private static let longestPause = Duration.seconds(600)

    package init(
        place: Double, elapsed: @escaping @Sendable () -> Duration,
        ask: @escaping @Sendable () async throws -> TunnelToken
    ) {
        self.ask = ask
        self.elapsed = elapsed
        self.place = min(max(place, 0), 1)
    }

    /// After 70 to 80 % of its life: kubelets renew their pods' tokens at 80.
    package static func renewal(of token: TunnelToken, place: Double) -> Duration {
        token.lifetime * (7 + place) / 10
    }

    /// A good token; the one that is held for as long as no other can be had.
    package func current() async throws -> TunnelToken {
        if let held, elapsed() - held.since < Self.renewal(of: held.token, place: place),
            refused.map({ elapsed() < $0 }) ?? true
        {
            return held.token
        }
        let (generation, start) = (generation, elapsed())
        do {
            let token = try await ask()
            // One that was asked for as somebody we are no longer is not kept.
            if generation == self.generation { hold(token, start) }
            return token
        } catch {
            guard let held, elapsed() - held.since < held.token.lifetime else { throw error }
            return held.token
        }
    }

    /// For when the agent is somebody else to its tenant from now on: another token, or the one that is held as long as
    /// there is none.
    package func renew() async throws {
        generation += 1
        let (mine, start) = (generation, elapsed())
        let token = try await ask()
        if mine == generation { hold(token, start) }
    }

    private func hold(_ token: TunnelToken, _ start: Duration) {
        held = (token, start)
        refused = nil
    }

    /// A server did not accept this token: another is asked for, the first time at once, and later ones more and more
    /// seldom. A server that accepts none has another trouble than the token.
    package func refuse(_ text: String) {
        guard let held, held.token.text == text, refused == nil else { return }
        let now = elapsed()
        if now - refusals.last > Self.longestPause * 2 { refusals.count = 0 }
        refused = now
        if refusals.count > 0 {
            refused = now + min(Self.firstPause * (1 << min(refusals.count - 1, 10)), Self.longestPause)
        }
        refusals = (refusals.count + 1, now)
    }

    package var end: Date? { held?.token.end }
}
