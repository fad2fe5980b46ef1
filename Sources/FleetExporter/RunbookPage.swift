/// docs/runbooks.md as a page of this exporter: where alerts send their reader, always of the version that wrote them.
enum RunbookPage {
    static let html = page(String(decoding: PackageResources.runbooks_md, as: UTF8.self))

    /// - Parameter markdown: headings, paragraphs and lists, with code in backticks; nothing else is made of it.
    static func page(_ markdown: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>kamaji-exporter: runbooks</title>
        <style>\(LandingPage.style)</style>
        </head>
        <body>
        <nav><a href="./">Fleet</a></nav>
        <main>
        \(body(markdown))
        </main>
        </body>
        </html>

        """
    }

    private static func body(_ markdown: String) -> String {
        var lines: [String] = []
        var isList = false
        for line in markdown.split(separator: "\n") {
            let isItem = line.hasPrefix("- ")
            if isItem != isList { lines.append(isItem ? "<ul>" : "</ul>") }
            isList = isItem
            if isItem {
                lines.append("<li>\(spans(line.dropFirst(2)))</li>")
            } else if line.hasPrefix("## ") {
                let title = line.dropFirst(3)
                lines.append("<h2 id=\"\(anchor(title))\">\(spans(title))</h2>")
            } else if line.hasPrefix("# ") {
                lines.append("<h1>\(spans(line.dropFirst(2)))</h1>")
            } else {
                lines.append("<p>\(spans(line))</p>")
            }
        }
        if isList { lines.append("</ul>") }
        return lines.joined(separator: "\n")
    }

    /// As forges make it of a heading.
    static func anchor(_ title: some StringProtocol) -> String {
        title.lowercased().replacing(" ", with: "-").filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
    }

    private static func spans(_ text: some StringProtocol) -> String {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false).map { LandingPage.escaped(String($0)) }
        return parts.enumerated().map { $0 % 2 == 1 ? "<code>\($1)</code>" : $1 }.joined()
    }
}
