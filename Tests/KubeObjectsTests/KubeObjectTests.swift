import KubeObjects
import Testing

@Suite("An object's metadata") struct KubeObjectTests {
    @Test("What is emptied is taken away, not set to null")
    func emptied() {
        var object = KubeObject(["metadata": ["name": "a", "labels": ["b": "c"], "finalizers": ["d"]]])
        object.labels = [:]
        object.annotations = [:]
        object.finalizers = []
        object.ownerReferences = []
        #expect(object.json == ["metadata": ["name": "a"]])
    }
}
