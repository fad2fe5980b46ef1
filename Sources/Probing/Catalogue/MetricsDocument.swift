import Prometheus

/// `docs/metrics.md`, made from the catalogue.
package enum MetricsDocument {
    package static var markdown: String {
        var text = """
            # Metrics of kamaji-exporter

            Made by `kamaji-exporter metrics-docs` from `Sources/Probing/Catalogue`; `make lint` fails when the two differ.

            Profile says from which `--profile` on a metric is served: `lean` is in all three, `standard` in the standard \
            and full ones. "While so" marks metrics whose samples are there only while what they say is so: their \
            absence is the good news. An `info` is a gauge that is always 1 in the text format.

            """
        for section in Catalogue.sections {
            text += "\n## \(section.title)\n\n"
            text += "| metric | type | unit | labels | profile | help |\n|---|---|---|---|---|---|\n"
            for entry in section.entries.sorted(by: { $0.definition.name < $1.definition.name }) {
                text += row(entry)
            }
        }
        return text
    }

    private static func row(_ entry: CatalogueEntry) -> String {
        let metric = entry.definition
        let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
        let profile = entry.isLeanOnly ? "only lean" : entry.isSparse ? "all, while so" : entry.profile.rawValue
        let cells = [
            "`\(metric.name)`", metric.kind.rawValue, metric.unit?.rawValue ?? "", labels, profile, metric.help,
        ]
        return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }
}
