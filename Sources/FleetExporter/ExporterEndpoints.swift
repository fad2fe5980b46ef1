import FoundationEssentials
import HTTPTypes
import Hummingbird
import KubeObjects
import NIOCore
import Probing
import Prometheus

/// Every page of the exporter.
struct ExporterEndpoints: Sendable {
    let picture: FleetPicture
    let prober: FleetProber
    let health: WatchHealth
    let metrics: SelfMetrics
    let web: WatchedFile<WebMaterial>
    let probe: TargetProbe
    /// Nil where `--web.enable-lifecycle` was not given.
    let reload: (@Sendable () -> String?)?
    let version: String
    /// Whether pages are made of what is kept written out; without, what that saves can be measured.
    var isCached = true
    let now: @Sendable () -> Double
    let deliveries = Deliveries(limit: Self.concurrentScrapes, byteLimit: 256 << 20)

    /// Pages being made or read at once: each is a copy, as large as the fleet. Who comes in addition is told to come
    /// again.
    static let concurrentScrapes = 16
    /// Targets that are asked at once because somebody wants to know now.
    static let concurrentProbes = 64

    var router: Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: Gate(web: web, metrics: metrics))
        router.get("/") { _, _ in
            page(LandingPage.html(picture.rows, picture.stores, notice: notice, version: version, now: now()))
        }
        router.get("/metrics") { request, _ in scrape(request) }
        router.get("/probe") { request, _ in await probeNow(request) }
        router.get("/sd") { request, _ in discovery("", request) }
        router.get("/sd/:list") { request, context in discovery(context.parameters.get("list") ?? "", request) }
        router.get("/-/healthy") { _, _ in text(.ok, "healthy\n") }
        router.get("/-/ready") { _, _ in readiness }
        router.get("/runbooks") { _, _ in page(RunbookPage.html) }
        router.post("/-/reload") { _, _ in reloadNow() }
        return router
    }

    /// Ready is whose page is whole: kubelet then sends scrapes here, and they get an answer. That the first probes take an
    /// interval to go round is no reason to wait; how far they are is said.
    private var readiness: Response {
        if let missing { return text(.serviceUnavailable, "not ready: \(missing)\n") }
        let (tenants, probed, stores, asked) = picture.coverage
        return text(.ok, "ready: \(probed) of \(tenants) tenants probed, \(asked) of \(stores) datastores\n")
    }

    /// What a page still lacks to be whole. Part of a fleet would look like the end of the rest.
    private var missing: String? {
        if !health.isSynced { return health.progress }
        return picture.isWriting ? nil : "what was listed is being written down; \(health.progress)"
    }

    /// What the landing page is to say of itself.
    private var notice: String? {
        if let missing { return "The fleet is not known yet: \(missing)." }
        return health.silence.map {
            "For \($0.seconds) seconds \($0.why): what it said of tenants is as old, what is probed is not."
        }
    }

    private func reloadNow() -> Response {
        guard let reload else { return text(.forbidden, "start with --web.enable-lifecycle, or send SIGHUP\n") }
        guard let complaint = reload() else { return text(.ok, "reloaded\n") }
        return text(.internalServerError, "\(complaint)\n")
    }

    // MARK: /metrics

    private func scrape(_ request: Request) -> Response {
        if case .malformed(let why) = ScrapeTimeout(request.headers) { return text(.badRequest, why) }
        if let missing { return text(.serviceUnavailable, "\(missing)\n") }
        guard let delivery = deliveries.begin() else {
            return busy("\(Self.concurrentScrapes) pages are being read\n")
        }
        let format = ExpositionFormat.negotiated(accept: request.headers[.accept])
        let isGzip = WeightedValue.acceptsGzip(request.headers[.acceptEncoding])
        let clock = ContinuousClock()
        let start = clock.now
        // Names of parameters come as they were sent; Prometheus escapes brackets.
        let wanted = Set(
            request.uri.queryParameters.filter { ["name[]", "name%5b%5d"].contains($0.key.lowercased()) }.map {
                String($0.value)
            })
        let bytes = page(format, gzip: isGzip, wanted: wanted)
        metrics.rendered(
            isGzip ? "gzip" : "identity", seconds: (clock.now - start).inSeconds, bytes: bytes.count)
        var response = Response(
            status: .ok, headers: [.contentType: format.contentType], body: delivery.body(ByteBuffer(bytes: bytes)))
        response.headers[.vary] = "Accept, Accept-Encoding"
        if isGzip { response.headers[.contentEncoding] = "gzip" }
        return response
    }

    /// Everything that is known, however old: a fleet that nobody can look at is not a fleet that is gone. How old it is
    /// stands in the page.
    func page(_ format: ExpositionFormat, gzip: Bool, wanted: Set<String> = []) -> [UInt8] {
        let fresh =
            picture.families + health.families + prober.families
            + metrics.families(
                picture.page, isWebConfigurationCurrent: web.complaint == nil && web.value.isServed(since: web.first))
            + (picture.settings.isCompatible ? [metrics.upstreamBuildInfo] : [])
        if !isCached { picture.beginWriting() }
        return picture.page.render(format, gzip: gzip, fresh: fresh, isCached: isCached) {
            wanted.isEmpty || wanted.contains($0)
        }
    }

    // MARK: /probe

    private func probeNow(_ request: Request) async -> Response {
        let timeout: Duration
        switch ScrapeTimeout(request.headers) {
        case .malformed(let why): return text(.badRequest, why)
        case .given(let seconds): timeout = .milliseconds(Int64(seconds * 1000))
        case .absent: timeout = .seconds(10)
        }
        guard metrics.inflight("probe") <= Self.concurrentProbes else {
            return busy("\(Self.concurrentProbes) probes are under way\n")
        }
        let query = request.uri.queryParameters
        let answer = await probe.answer(
            target: query["target"].map(String.init), module: query["module"].map(String.init), timeout: timeout)
        switch answer {
        case .found(let findings):
            let families = findings.families.filter { !$0.isEmpty }
            if query["debug"] == "true" { return text(.ok, findings.report(MetricText.render(families))) }
            let format = ExpositionFormat.negotiated(accept: request.headers[.accept])
            var response = text(.ok, MetricText.render(families, format))
            response.headers[.contentType] = format.contentType
            return response
        case .unknownTarget: return text(.notFound, "no such tenant or datastore: name NAMESPACE/NAME or ds/NAME\n")
        case .unknownModule:
            let known = TargetProbe.Module.allCases.map(\.rawValue).joined(separator: ", ")
            return text(.badRequest, "no such module; known are \(known)\n")
        case .malformed(let why): return text(.badRequest, why + "\n")
        }
    }

    // MARK: /sd

    private func discovery(_ list: String, _ request: Request) -> Response {
        // Prometheus keeps its former list; an empty one would drop every target.
        if let missing { return text(.serviceUnavailable, "\(missing)\n") }
        let namespace = request.uri.queryParameters["tcp_namespace"].map(String.init)
        guard let address = request.head.authority, !address.isEmpty else {
            return text(.badRequest, "name the exporter as Prometheus reaches it, in the header Host\n")
        }
        guard
            let targets = ServiceDiscovery.list(
                list, picture, namespace: namespace, address: address, isTLS: web.value.key != nil)
        else {
            return text(.notFound, "known are /sd/probes, /sd/apiservers, /sd/konnectivity and /sd/datastores\n")
        }
        var response = Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: targets.encoded())))
        response.headers[.contentType] = "application/json"
        return response
    }

    // MARK: Responses

    private func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    private func busy(_ why: String) -> Response {
        var response = text(.serviceUnavailable, why)
        response.headers[.retryAfter] = "1"
        return response
    }

    private func page(_ html: String) -> Response {
        var response = Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: html)))
        response.headers[.contentType] = "text/html; charset=utf-8"
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return response
    }
}

/// `X-Prometheus-Scrape-Timeout-Seconds`: how long the scraper waits, less what the way back takes.
enum ScrapeTimeout: Equatable {
    case absent
    /// Seconds.
    case given(Double)
    case malformed(String)

    static let offset = 0.5

    init(_ headers: HTTPFields) {
        guard let name = HTTPField.Name("X-Prometheus-Scrape-Timeout-Seconds"), let value = headers[name] else {
            self = .absent
            return
        }
        guard let seconds = Double(value), seconds > 0, seconds.isFinite else {
            self = .malformed("X-Prometheus-Scrape-Timeout-Seconds must be a number of seconds above 0\n")
            return
        }
        self = seconds > Self.offset ? .given(min(seconds - Self.offset, 120)) : .absent
    }
}
