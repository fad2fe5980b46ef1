import APIMachinery
import KubeObjects
import Testing

struct StrategicMergePatchTests {
    private let deployment = TypeShape.reference("apps/Deployment")

    private func patched(_ patch: String, _ original: String, _ shape: String = "core/PodSpec") throws
        -> JSON
    {
        try StrategicMergePatch.apply(
            JSON(parsing: patch), to: JSON(parsing: original), .reference(shape))
    }

    @Test(arguments: [
        // Structures merge, null removes, new values lose their nulls.
        (
            #"{"dnsPolicy":null,"hostname":"h"}"#, #"{"dnsPolicy":"Default","nodeName":"n"}"#,
            #"{"hostname":"h","nodeName":"n"}"#
        ),
        (
            #"{"securityContext":{"runAsUser":1,"fsGroup":null}}"#, #"{}"#,
            #"{"securityContext":{"runAsUser":1}}"#
        ),
        // Containers merge by name, env by name inside them.
        (
            #"{"containers":[{"name":"b","env":[{"name":"X","value":"2"}]}]}"#,
            #"{"containers":[{"name":"a"},{"name":"b","image":"i","env":[{"name":"X","value":"1"},{"name":"Y"}]}]}"#,
            #"{"containers":[{"name":"a"},{"name":"b","image":"i","env":[{"name":"X","value":"2"},{"name":"Y"}]}]}"#
        ),
        // Deleting and replacing in a merged list.
        (
            #"{"containers":[{"name":"a","$patch":"delete"}]}"#,
            #"{"containers":[{"name":"a"},{"name":"b"}]}"#, #"{"containers":[{"name":"b"}]}"#
        ),
        (
            #"{"containers":[{"name":"c"},{"$patch":"replace"}]}"#, #"{"containers":[{"name":"a"}]}"#,
            #"{"containers":[{"name":"c"}]}"#
        ),
        // Lists without a strategy are replaced.
        (
            #"{"tolerations":[{"key":"b"}]}"#, #"{"tolerations":[{"key":"a"}]}"#,
            #"{"tolerations":[{"key":"b"}]}"#
        ),
        // Directives on structures.
        (
            #"{"securityContext":{"$patch":"replace","fsGroup":2}}"#,
            #"{"securityContext":{"runAsUser":1}}"#, #"{"securityContext":{"fsGroup":2}}"#
        ),
        (
            #"{"securityContext":{"$patch":"delete"}}"#, #"{"securityContext":{"runAsUser":1}}"#,
            #"{"securityContext":{}}"#
        ),
        // A volume keeps only the source that the patch names.
        (
            #"{"volumes":[{"$retainKeys":["name","emptyDir"],"name":"v","emptyDir":{}}]}"#,
            #"{"volumes":[{"name":"v","secret":{"secretName":"s"}}]}"#,
            #"{"volumes":[{"name":"v","emptyDir":{}}]}"#
        ),
        // The order asked for, with what is not named kept in its place.
        (
            #"{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}],"containers":[{"name":"c","image":"i"}]}"#,
            #"{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}"#,
            #"{"containers":[{"name":"b"},{"name":"c","image":"i"},{"name":"a"}]}"#
        ),
    ])
    func `pod specs`(patch: String, original: String, expected: String) throws {
        #expect(try patched(patch, original) == JSON(parsing: expected))
    }

    @Test func `scalars are added to and deleted from merged lists`() throws {
        #expect(
            try patched(#"{"finalizers":["b","c"]}"#, #"{"finalizers":["a","b"]}"#, "meta/ObjectMeta")
                == ["finalizers": ["a", "b", "c"]])
        #expect(
            try patched(
                #"{"$deleteFromPrimitiveList/finalizers":["a"],"$setElementOrder/finalizers":["b"]}"#,
                #"{"finalizers":["a","b"]}"#, "meta/ObjectMeta") == ["finalizers": ["b"]])
    }

    @Test func `service ports merge by port alone`() throws {
        #expect(
            try patched(
                #"{"ports":[{"port":80,"targetPort":8080}]}"#,
                #"{"ports":[{"port":80,"protocol":"TCP","nodePort":30000},{"port":443}]}"#,
                "core/ServiceSpec")
                == [
                    "ports": [
                        ["port": 80, "protocol": "TCP", "nodePort": 30000, "targetPort": 8080], ["port": 443],
                    ]
                ])
    }

    @Test func `a deployment strategy of another type loses what belonged to the old one`() throws {
        let live: JSON = [
            "spec": ["strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1]]]
        ]
        let patch: JSON = ["spec": ["strategy": ["$retainKeys": ["type"], "type": "Recreate"]]]
        #expect(
            try StrategicMergePatch.apply(patch, to: live, deployment) == [
                "spec": ["strategy": ["type": "Recreate"]]
            ])
    }

    @Test(arguments: [
        (#"{"containers":[{"image":"x"}]}"#, 500, "does not contain declared merge key: name"),
        (#"{"securityContext":{"$patch":"nonsense"}}"#, 500, "unknown patch type: nonsense"),
        (
            #"{"volumes":[{"$retainKeys":["name"],"name":"v","emptyDir":{}}]}"#, 400,
            "invalid patch format of retainKeys"
        ),
        (
            #"{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"z"}]}"#, 500,
            "doesn't match $setElementOrder"
        ),
        (#"{"containers":[["x"]]}"#, 422, "lists of lists are not supported"),
        (#"[]"#, 400, "invalid JSON document"),
    ])
    func `what is not a patch is refused`(patch: String, code: Int, text: String) {
        let error = #expect(throws: APIStatus.self) {
            try patched(
                patch,
                #"{"containers":[{"name":"a"}],"securityContext":{"runAsUser":1},"volumes":[{"name":"v"}]}"#
            )
        }
        #expect(error?.code == code)
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }
}
