import KubeObjects
import Prometheus

extension NodeBoard {
    /// What the agent's own endpoint answers: `/status` in JSON, `/metrics` for Prometheus, `/healthz`.
    package func answer(_ path: String) async -> StandingAnswer {
        switch path {
        case "/status":
            StandingAnswer(contentType: "application/json", body: await standing.json.encoded() + [UInt8(ascii: "\n")])
        case "/metrics":
            StandingAnswer(
                contentType: MetricText.contentType,
                body: Array(MetricText.render(await standing.metricFamilies + ProcessUsage.families).utf8))
        case "/healthz": StandingAnswer(body: Array("ok\n".utf8))
        default: .refusal(404)
        }
    }
}
