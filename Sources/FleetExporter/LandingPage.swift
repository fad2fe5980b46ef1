import Probing

/// The fleet on one page: a row for each tenant, readable without a script, in light and in dark.
enum LandingPage {
    /// - Parameter notice: what stands in the way of knowing the fleet as it is now.
    static func html(
        _ rows: [FleetRow], _ stores: [StoreFacts], notice: String? = nil, version: String, now: Double
    ) -> String {
        let down = rows.count { $0.isReady == false }
        let troubled = rows.count { $0.problemCount > 0 }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>kamaji-exporter</title>
            <style>\(style)</style>
            </head>
            <body>
            <header>
            <h1>kamaji-exporter</h1>
            <p>\(rows.count) tenants, \(down) not ready, \(troubled) with certificates in trouble, \
            \(stores.count) datastores. Version \(escaped(version)).</p>
            <nav><a href="metrics">Metrics</a> <a href="sd/probes">Discovery</a> <a href="-/ready">Readiness</a> \
            <a href="runbooks">Runbooks</a></nav>
            </header>
            <main>
            \(notice.map { "<p class=\"bad\">\(escaped($0))</p>" } ?? "")
            <table>
            <caption>Tenant control planes</caption>
            <thead><tr><th scope="col">Tenant</th><th scope="col">State</th><th scope="col">API</th>\
            <th scope="col">Version</th><th scope="col">Certificates</th><th scope="col">Latency</th>\
            <th scope="col">Datastore</th><th scope="col">Tunnel</th></tr></thead>
            <tbody>
            \(rows.map { row($0, now) }.joined(separator: "\n"))
            </tbody>
            </table>
            \(rows.isEmpty && notice == nil ? "<p>There are no tenants yet.</p>" : "")
            </main>
            </body>
            </html>

            """
    }

    private static func row(_ row: FleetRow, _ now: Double) -> String {
        let cells = [
            "<th scope=\"row\">\(escaped("\(row.key)"))</th>",
            cell(row.phase, ["Ready": "good", "NotReady": "bad"][row.phase]),
            api(row), cell(row.version), certificates(row, now), "<td>\(sparkline(row.latencies))</td>",
            cell(row.datastore), tunnel(row),
        ]
        return "<tr>\(cells.joined())</tr>"
    }

    private static func cell(_ text: String, _ mood: String? = nil) -> String {
        "<td\(mood.map { " class=\"\($0)\"" } ?? "")>\(escaped(text.isEmpty ? "–" : text))</td>"
    }

    private static func api(_ row: FleetRow) -> String {
        switch (row.isLive, row.isReady) {
        case (_, true?): row.failure == .unauthorized ? cell("answers, refuses (unauthorized)") : cell("ready", "good")
        case (true?, false?): cell("live, not ready" + (row.failure.map { " (\($0.rawValue))" } ?? ""), "bad")
        case (_, false?): cell("down" + (row.failure.map { " (\($0.rawValue))" } ?? ""), "bad")
        default: cell("–")
        }
    }

    private static func certificates(_ row: FleetRow, _ now: Double) -> String {
        guard let end = row.leafEnd else { return cell("–") }
        let days = Int(((end - now) / 86_400).rounded(.down))
        let trouble = row.problemCount == 0 ? "" : ", \(row.problemCount) in trouble"
        return cell("\(days) d\(trouble)", row.problemCount > 0 || days < 0 ? "bad" : days < 1 ? "warn" : nil)
    }

    private static func tunnel(_ row: FleetRow) -> String {
        guard row.usesKonnectivity else { return cell("off") }
        if row.isTunnelBroken { return cell("broken", "bad") }
        guard let agents = row.agents else { return cell("–") }
        return cell(agents == 1 ? "1 agent" : "\(agents) agents", agents == 0 ? "warn" : nil)
    }

    /// The last probes as a line; gaps where one failed. Says in words what it shows.
    private static func sparkline(_ latencies: [Double?]) -> String {
        guard let last = latencies.last else { return "–" }
        let (width, height) = (120.0, 24.0)
        let top = max(0.001, latencies.compactMap { $0 }.max() ?? 0)
        let step = width / Double(max(1, latencies.count - 1))
        var path = ""
        var isDrawing = false
        for (index, seconds) in latencies.enumerated() {
            guard let seconds else {
                isDrawing = false
                continue
            }
            let (x, y) = (rounded(Double(index) * step), rounded(height - 2 - seconds / top * (height - 4)))
            path += isDrawing ? "L\(x) \(y)" : "M\(x) \(y)h.01"
            isDrawing = true
        }
        let text = last.map { "\(rounded($0 * 1000)) ms" } ?? "failed"
        return """
            <svg viewBox="0 0 120 24" width="120" height="24" role="img" aria-label="last \(latencies.count) probes, \
            newest \(text)"><path d="\(path)"/></svg> <span>\(text)</span>
            """
    }

    private static func rounded(_ number: Double) -> String {
        let tenths = (number * 10).rounded() / 10
        return Int64(exactly: tenths).map { "\($0)" } ?? "\(tenths)"
    }

    static func escaped(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }

    static let style = """
        :root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#d5dae1;--good:#116329;--warn:#7d4e00;--bad:#b3140e}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--paper:#14171b;--line:#363c45;--good:#6fd08c;--warn:#e3b341;--bad:#ff8f85}}
        body{margin:0 auto;max-width:80rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
        h1{font-size:1.4rem;margin:0}nav a{margin-right:1rem;color:inherit}
        main{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        caption{text-align:left;font-weight:600;padding:1rem 0 .3rem}
        th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);white-space:nowrap}
        .good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad);font-weight:600}
        code{font-size:.9em;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:1.6rem 0 .3rem}
        svg{vertical-align:middle}path{fill:none;stroke:currentColor;stroke-width:1.5;stroke-linecap:round}
        """
}
