import APIMachinery
import KubeObjects
import Testing

@testable import StandaloneCluster

@Suite struct LogSelectionTests {
    @Test(arguments: [
        ("a\nb\nc\n", 2, "b\nc\n"), ("a\nb\nc", 2, "b\nc"), ("a\nb\n", 5, "a\nb\n"), ("a\n\n", 1, "\n"), ("a\n", 0, ""),
        ("", 3, ""), ("a", 1, "a"),
    ])
    func `the tail is the last lines`(text: String, lines: Int, tail: String) {
        #expect(String(decoding: LogSelection.tail(Array(text.utf8), lines: lines), as: UTF8.self) == tail)
    }

    @Test(arguments: ["timestamps=true", "sinceSeconds=60", "previous=true", "tailLines=-1", "limitBytes=x"])
    func `what cannot be answered is refused, not left out`(query: String) {
        #expect(throws: APIStatus.self) { try LogSelection(QueryItems(parsing: query)) }
    }

    @Test func `what is switched off is no question`() throws {
        let selection = try LogSelection(QueryItems(parsing: "timestamps=false&previous=false&tailLines=3"))
        #expect(selection.tailLines == 3 && !selection.follows)
    }

    @Test func `a workload warns where nothing runs it`() {
        let key = ObjectKey(namespace: "a", name: "b")
        let logs = WorkloadRuntime.local(ContainerLogs(directory: "/nowhere"))
        let deployment = ResourceType.deployments.object(key)
        #expect(WorkloadRuntime.none.warning(creating: deployment, .deployments)?.contains("gets no pods") == true)
        #expect(logs.warning(creating: deployment, .deployments) == nil)
        var pod = ResourceType.pods.object(key)
        #expect(WorkloadRuntime.none.warning(creating: pod, .pods)?.contains("no scheduler") == true)
        pod["spec"] = ["nodeName": "worker"]
        #expect(WorkloadRuntime.none.warning(creating: pod, .pods) == nil)
        let secret = ResourceType.secrets.object(key)
        #expect(WorkloadRuntime.none.warning(creating: secret, .secrets) == nil)
    }
}
