import HTTPTypes
import Hummingbird
import NIOCore

/// In front of every page: who may pass, which headers go out, and the count of it all.
struct Gate: RouterMiddleware {
    typealias Context = BasicRequestContext

    let web: WatchedFile<WebMaterial>
    let metrics: SelfMetrics
    private let authentication = BasicAuthentication()

    init(web: WatchedFile<WebMaterial>, metrics: SelfMetrics) {
        self.web = web
        self.metrics = metrics
    }

    // Hummingbird was compiled without the rule that async functions stay with their caller.
    @concurrent
    func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let handler = Self.handler(request.uri.path)
        metrics.begin(handler)
        var code = 500
        defer { metrics.end(handler, code: code) }
        let configuration = web.value.configuration
        guard await authentication.permits(request.headers[.authorization], users: configuration.users) else {
            code = 401
            return Response(
                status: .unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"kamaji-exporter\""],
                body: .init(byteBuffer: ByteBuffer(string: "unauthorized\n")))
        }
        do {
            var response = try await next(request, context)
            for (name, value) in configuration.headers {
                if let field = HTTPField.Name(name) { response.headers[field] = value }
            }
            code = response.status.code
            return response
        } catch let error as HTTPError {
            code = error.status.code
            throw error
        }
    }

    /// A closed list: paths come from whoever asks.
    private static func handler(_ path: String) -> String {
        switch path {
        case "/": "landing"
        case "/runbooks": "runbooks"
        case "/metrics": "metrics"
        case "/probe": "probe"
        case "/-/healthy", "/-/ready", "/-/reload": "management"
        default: path == "/sd" || path.hasPrefix("/sd/") ? "sd" : "other"
        }
    }
}
